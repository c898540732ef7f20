import type { Command } from 'commander';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printSecret } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { printWorkspace } from './print-workspace.ts';

interface CreateWorkspaceOptions extends GlobalOptions {
  key: boolean;
}

export function createWorkspaceCommand(workspaces: Command): void {
  workspaces
    .command('create <name>')
    .description('make a workspace and a first key for it, which is shown this once')
    .option('--no-key', 'without a key')
    .action(
      onPlatform<CreateWorkspaceOptions>(async (client, options, name: string) => {
        const made = await client.workspaces.create({ name, admin_key: options.key });
        if (options.json) return printJson(made);
        printWorkspace(made);
        if (made.admin_key) printSecret('Its first key:', made.admin_key.key);
      }),
    );
}
