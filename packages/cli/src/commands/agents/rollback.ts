import type { Command } from 'commander';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';
import { wholeNumber } from '../../read-option.ts';

export function rollbackCommand(agents: Command): void {
  agents
    .command('rollback <agent>')
    .argument('<version>', 'the version to repeat', wholeNumber)
    .description('go back to an earlier version, as a new one that equals it')
    .action(
      onPlatform(async (client, options, wanted: string, version: unknown) => {
        const { id } = await resolveAgent(client, wanted);
        const changed = await client.agents.rollBack(id, { version: version as number });
        printAnswer(options, changed, `${changed.config.name} (${id}): version ${changed.version} equals ${version}.`);
      }),
    );
}
