import { type Exchange, newId } from '../http/exchange.ts';
import { sendError, sendJson } from '../http/send-json.ts';
import { type Part, type Reply, simulatedError } from '../reply/reply.ts';
import { SIGNATURE, usageFields } from './encode-events.ts';
import type { Envelope } from './envelope.ts';
import { clientGone, durationOf, pause, stall } from './pacing.ts';

/** The answer to `stream: false`. It comes when all its parts would have been streamed; a fault leaves none of it. */
export async function sendWhole(exchange: Exchange, reply: Reply, envelope: Envelope): Promise<void> {
  const ms = durationOf(reply.parts);
  if (ms > 0 && !(await pause(ms, clientGone(exchange.response)))) return;
  const { ending } = reply;
  if (ending.kind === 'stall') return stall(exchange.response);
  if (ending.kind === 'drop') return void exchange.response.destroy();
  if (ending.kind !== 'complete') return sendError(exchange, ending.status, simulatedError(ending.status));
  reply.onComplete?.();
  sendJson(exchange, 200, {
    id: newId('msg'),
    type: 'message',
    role: 'assistant',
    model: envelope.model,
    content: reply.parts.flatMap(blockOf),
    stop_reason: ending.stopReason,
    stop_sequence: null,
    usage: usageFields(envelope),
  });
}

function blockOf(part: Part): object[] {
  switch (part.kind) {
    case 'text':
      return [{ type: 'text', text: part.text }];
    case 'thinking':
      return [{ type: 'thinking', thinking: part.thinking, signature: SIGNATURE }];
    case 'tool':
      return [{ type: 'tool_use', id: newId('toolu'), name: part.name, input: part.input }];
    case 'wait':
      return [];
  }
}
