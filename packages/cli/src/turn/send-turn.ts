import type { Client } from '@aaas/client/create-client';
import type { Reconnect } from '@aaas/client/events/follow-log';
import type { MessageOptions } from '@aaas/client/messages/message';
import { EXIT } from '../exit-codes.ts';
import { ApprovalPrompts, type Question } from './ask-approval.ts';
import { interruptTurnOnCtrlC } from './interrupt-turn.ts';
import { exitCodeOfTurn, TurnOutput } from './turn-output.ts';

/** Sends a message and shows its turn. @returns the exit code. */
export async function sendTurn(
  client: Client,
  id: string,
  text: string,
  json: boolean,
  { context, question = null }: Pick<MessageOptions, 'context'> & { question?: Question | null } = {},
): Promise<number> {
  const output = new TurnOutput(client, json);
  const interrupt = interruptTurnOnCtrlC(client, id, output.note);
  const prompts = new ApprovalPrompts(client, output.note, question);
  const onReconnect = ({ attempt }: Reconnect) => {
    if (attempt === 1) output.note('the connection was cut; taking it up again …');
  };
  for await (const event of client.messages.stream(id, text, { context, onReconnect })) {
    if (event.type === 'session.status_running') interrupt.turnRuns();
    output.show(event);
    if (event.type === 'session.status_idle') prompts.waitsFor(event.stop_reason.event_ids ?? []);
    // With the last answer, whoever gave it.
    if (event.type === 'session.status_running') prompts.waitsFor([]);
  }
  const end = await output.finish();
  return interrupt.asked ? EXIT.interrupted : exitCodeOfTurn(end, output.note);
}
