import type { Command } from 'commander';
import { onPlatform } from '../../on-platform.ts';
import { printJson } from '../../output/print-json.ts';

export function desiredNodesCommand(fleet: Command): void {
  fleet
    .command('desired')
    .description('print how many worker nodes the fleet should have: one number, for scripts')
    .action(
      onPlatform(async (client, { json }) => {
        const desired = await client.autoscaler.desired();
        if (json) printJson(desired);
        else console.log(String(desired.desired_nodes));
      }),
    );
}
