import type { Command } from 'commander';
import { resolveWorkspace } from '../../connection/resolve-workspace.ts';
import { onPlatform } from '../../on-platform.ts';
import { printJson } from '../../output/print-json.ts';
import { printWorkspace } from './print-workspace.ts';

export function getWorkspaceCommands(workspaces: Command): void {
  workspaces
    .command('get <workspace>')
    .description('show a workspace, by its id or its name')
    .action(
      onPlatform(async (client, { json }, wanted: string) => {
        const id = wanted.startsWith('wrkspc_') ? wanted : (await resolveWorkspace(client, wanted)).id;
        const workspace = await client.workspaces.get(id);
        if (json) printJson(workspace);
        else printWorkspace(workspace);
      }),
    );
  workspaces
    .command('current')
    .description('show the workspace that your key opens')
    .action(
      onPlatform(async (client, { json }) => {
        const workspace = await client.workspaces.current();
        if (json) printJson(workspace);
        else printWorkspace(workspace);
      }),
    );
}
