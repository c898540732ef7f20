import type { Command } from 'commander';
import { CliError } from '../../cli-error.ts';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import { EXIT } from '../../exit-codes.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';
import { pair, wholeNumber } from '../../read-option.ts';
import { addConfigOptions, type ConfigOptions, configOf } from '../config-options.ts';

interface EditOptions extends ConfigOptions {
  metadata?: Record<string, string>;
  unsetMetadata?: string[];
  unsetEnv?: string[];
  ifVersion?: number;
}

export function editCommand(agents: Command): void {
  addConfigOptions(agents.command('edit <agent>').description('change an agent; the change is a new version of it'))
    .option('--unset-env <name...>', 'take a variable of its environment away')
    .option('--metadata <K=V>', 'a pair to find it by; may be repeated', pair)
    .option('--unset-metadata <key...>', 'take a pair away')
    .option('--if-version <n>', 'only if this is still the newest version', wholeNumber)
    .action(
      onPlatform<EditOptions>(async (client, options, wanted: string) => {
        const config = { ...configOf(options), ...withGone('env', options.env, options.unsetEnv) };
        const { metadata } = withGone('metadata', options.metadata, options.unsetMetadata);
        if (Object.keys(config).length === 0 && metadata === undefined) {
          throw new CliError('There is nothing to change. See aaas agents edit --help.', EXIT.usage);
        }
        const agent = await resolveAgent(client, wanted);
        const changed = await client.agents.change(agent.id, {
          config: Object.keys(config).length === 0 ? undefined : config,
          metadata,
          version: options.ifVersion,
        });
        const version =
          changed.version === agent.version
            ? `version ${changed.version} as before`
            : `version ${changed.version}; it takes it when its turn has ended`;
        printAnswer(options, changed, `${changed.config.name} (${changed.id}): ${version}.`);
      }),
    );
}

function withGone<Name extends string>(name: Name, given: Record<string, string> | undefined, gone: string[] = []) {
  const all: Record<string, string | null> = { ...given, ...Object.fromEntries(gone.map((key) => [key, null])) };
  return (Object.keys(all).length === 0 ? {} : { [name]: all }) as { [K in Name]?: Record<string, string | null> };
}
