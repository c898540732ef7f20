import type { Command } from 'commander';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';

export function removeCommand(agents: Command): void {
  agents
    .command('rm <agent>')
    .description('delete an agent with its conversations and their directories')
    .action(
      onPlatform(async (client, options, wanted: string) => {
        const agent = await resolveAgent(client, wanted);
        const change = await client.agents.delete(agent.id);
        printAnswer(options, change, `${agent.config.name} (${agent.id}): ${change.message}`);
      }),
    );
}
