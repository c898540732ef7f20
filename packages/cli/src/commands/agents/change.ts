import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';
import { addWaitOptions, type WaitingOptions, waitIfAsked } from '../wait-options.ts';

type Status = Schema<'Status'>;

/** What each does, and where it leads. */
const CHANGES = {
  start: ['start an agent, also one in error', ['idle', 'running']],
  stop: ['stop an agent: it refuses messages until it is started', ['stopped']],
  restart: ['give an agent a new process; the conversation goes on', ['idle', 'running']],
  hibernate: ['put an agent to sleep; the next message wakes it', ['hibernated']],
  interrupt: ['end the turn that an agent is working on', ['idle', 'hibernated', 'stopped']],
} as const satisfies Record<string, readonly [string, readonly Status[]]>;

/** Everything that changes how an agent is, by one request without a body. */
export function changeCommands(agents: Command): void {
  for (const [operation, [description, leadsTo]] of Object.entries(CHANGES)) {
    addWaitOptions(agents.command(`${operation} <agent>`).description(description)).action(
      onPlatform<WaitingOptions>(async (client, options, wanted: string) => {
        const agent = await resolveAgent(client, wanted);
        const change = await client.agents[operation as keyof typeof CHANGES](agent.id);
        const reached = await waitIfAsked(options, (wait) => client.agents.waitFor(agent.id, [...leadsTo], wait));
        const sentence = reached ? `It is ${reached.status}.` : change.message;
        printAnswer(options, reached ?? change, `${agent.config.name} (${agent.id}): ${sentence}`);
      }),
    );
  }
}
