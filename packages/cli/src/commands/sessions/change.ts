import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { onPlatform } from '../../on-platform.ts';
import { printAnswer } from '../../output/print-answer.ts';
import { addWaitOptions, type WaitingOptions, waitIfAsked } from '../wait-options.ts';

type Status = Schema<'Status'>;

const CHANGES = {
  start: ['start a session, also one in error', ['idle', 'running']],
  stop: ['stop a session: it refuses messages until it is started', ['stopped']],
  restart: ['give a session a new process; the conversation goes on', ['idle', 'running']],
  hibernate: ['put a session to sleep; the next message wakes it', ['hibernated']],
  interrupt: ['end the turn that a session is working on', ['idle', 'hibernated', 'stopped']],
} as const satisfies Record<string, readonly [string, readonly Status[]]>;

export function changeSessionCommands(sessions: Command): void {
  for (const [operation, [description, leadsTo]] of Object.entries(CHANGES)) {
    addWaitOptions(sessions.command(`${operation} <session>`).description(description)).action(
      onPlatform<WaitingOptions>(async (client, options, id: string) => {
        const change = await client.sessions[operation as keyof typeof CHANGES](id);
        const reached = await waitIfAsked(options, (wait) => client.sessions.waitFor(id, [...leadsTo], wait));
        printAnswer(options, reached ?? change, `${id}: ${reached ? `It is ${reached.status}.` : change.message}`);
      }),
    );
  }
}
