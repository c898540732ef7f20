import type { Client } from '@aaas/client/create-client';
import type { Command } from 'commander';
import { CliError } from '../../cli-error.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';

export function changeSettingsCommands(settings: Command): void {
  settings
    .command('set <NAME=value...>')
    .description('change settings, all of them or none; in force on every node within 2 seconds')
    .action(
      onPlatform<GlobalOptions, [string[]]>((client, options, given) =>
        change(client, options, Object.fromEntries(given.map(toPair))),
      ),
    );
  settings
    .command('unset <name...>')
    .description('go back to what the nodes were started with')
    .action(
      onPlatform<GlobalOptions, [string[]]>((client, options, names) =>
        change(client, options, Object.fromEntries(names.map((name) => [name, null]))),
      ),
    );
}

async function change(client: Client, options: GlobalOptions, changes: Record<string, string | null>): Promise<void> {
  const { data } = await client.settings.change(changes);
  const now = data.filter(({ name }) => name in changes);
  const sentence = now.map(({ name, value, source }) => `${name} is ${value ?? 'unset'} (${source})`).join(', ');
  printAnswer(options, now, `${sentence}.`);
}

function toPair(text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new CliError(`${text} is not like NAME=value. See the names with: aaas settings list --live`, EXIT.usage);
}
