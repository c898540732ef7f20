import type { Exchange } from '../http/exchange.ts';
import { sendError } from '../http/send-json.ts';
import { type Reply, simulatedError } from '../reply/reply.ts';
import { outputTokens } from './envelope.ts';
import { clientGone, durationOf, pause } from './pacing.ts';
import { sendStream } from './send-stream.ts';
import { sendWhole } from './send-whole.ts';

/** Sends a reply in the form that the request asked for. Resolves when it is sent or the client has gone. */
export async function sendReply(
  exchange: Exchange,
  reply: Reply,
  asked: { readonly model: string; readonly inputTokens: number; readonly stream: boolean },
): Promise<void> {
  const { ending } = reply;
  if (ending.kind === 'http-error') {
    const ms = durationOf(reply.parts);
    if (ms > 0 && !(await pause(ms, clientGone(exchange.response)))) return;
    const headers = ending.retryAfter === undefined ? {} : { 'retry-after': String(ending.retryAfter) };
    return sendError(exchange, ending.status, simulatedError(ending.status), headers);
  }
  const envelope = { ...asked, outputTokens: outputTokens(reply.parts) };
  await (asked.stream ? sendStream(exchange, reply, envelope) : sendWhole(exchange, reply, envelope));
}
