import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { resolveWorkspace } from '../../connection/resolve-workspace.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { seconds } from '../../read-option.ts';
import { printNewKey } from './print-key.ts';

interface CreateKeyOptions extends GlobalOptions {
  scope?: string[];
  test?: boolean;
  workspace?: string;
  expiresIn?: number;
}

export function createKeyCommand(keys: Command): void {
  keys
    .command('create <name>')
    .description('make a key; it is shown this once')
    .option('--scope <scope...>', 'what it may do, such as agents:read (default: all that yours may in a workspace)')
    .option('--test', 'a key of the test side: its agents are simulated')
    .option('--workspace <workspace>', 'for another workspace')
    .option('--expires-in <time>', 'how long it is good, such as 12h or 90d (default: without end)', seconds)
    .action(
      onPlatform<CreateKeyOptions>(async (client, options, name: string) => {
        const { scope, test, workspace, expiresIn: expires_in_seconds } = options;
        const workspace_id = workspace === undefined ? undefined : (await resolveWorkspace(client, workspace)).id;
        const scopes = scope as Schema<'GrantedScope'>[] | undefined;
        printNewKey(options, await client.keys.create({ name, scopes, test, workspace_id, expires_in_seconds }));
      }),
    );
}
