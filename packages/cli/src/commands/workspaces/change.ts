import type { Command } from 'commander';
import { resolveWorkspace } from '../../connection/resolve-workspace.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';

export function changeWorkspaceCommands(workspaces: Command): void {
  workspaces
    .command('rename <workspace> <name>')
    .description('call a workspace something else')
    .action(
      onPlatform(async (client, options, wanted: string, name: string) => {
        const { id } = await resolveWorkspace(client, wanted);
        const workspace = await client.workspaces.rename(id, { name });
        printAnswer(options, workspace, `${id} is now called ${workspace.name}.`);
      }),
    );
  workspaces
    .command('archive <workspace>')
    .description('close a workspace: its keys are refused, its agents stop')
    .action(
      onPlatform(async (client, options, wanted: string) => {
        const { id, name } = await resolveWorkspace(client, wanted);
        const workspace = await client.workspaces.archive(id);
        printAnswer(options, workspace, `${name} (${id}) is archived: its keys are refused and its agents stop.`);
      }),
    );
}
