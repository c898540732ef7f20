import type { Command } from 'commander';
import { CliError } from '../../cli-error.ts';
import { resolveKey } from '../../connection/resolve-key.ts';
import { EXIT } from '../../exit-codes.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';
import { seconds } from '../../read-option.ts';

interface EditKeyOptions extends GlobalOptions {
  name?: string;
  expiresIn?: number;
  expires: boolean;
}

export function changeKeyCommands(keys: Command): void {
  keys
    .command('edit <key>')
    .description('rename a key, or change when it ends')
    .option('--name <name>', 'how to call it')
    .option('--expires-in <time>', 'how long from now it is good, such as 12h or 90d', seconds)
    .option('--no-expires', 'it does not end')
    .action(
      onPlatform<EditKeyOptions>(async (client, options, wanted: string) => {
        const { id } = await resolveKey(client, wanted);
        const key = await client.keys.change(id, { name: options.name, expires_at: expiryOf(options) });
        printAnswer(options, key, `${key.name} (${key.id}): changed.`);
      }),
    );
  keys
    .command('revoke <key>')
    .description('end a key at once')
    .action(
      onPlatform(async (client, options, wanted: string) => {
        const { id } = await resolveKey(client, wanted);
        const key = await client.keys.revoke(id);
        printAnswer(options, key, `${key.name} (${key.id}) is revoked: nothing is let in with it any more.`);
      }),
    );
}

function expiryOf({ name, expires, expiresIn }: EditKeyOptions): string | null | undefined {
  if (expiresIn !== undefined) return new Date(Date.now() + expiresIn * 1000).toISOString();
  if (!expires) return null;
  if (name === undefined) throw new CliError('There is nothing to change. See aaas keys edit --help.', EXIT.usage);
  return undefined;
}
