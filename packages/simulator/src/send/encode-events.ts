import { newId } from '../http/exchange.ts';
import type { Part } from '../reply/reply.ts';

/** A thinking block is signed by the model that thought. This one says that none did. */
export const SIGNATURE = Buffer.from('simulated').toString('base64');

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export function usageFields({ inputTokens, outputTokens }: Usage): object {
  return {
    input_tokens: inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: outputTokens,
  };
}

/** One server-sent event of the Messages API: its name and its `type` are the same. */
export function encodeEvent(fields: { readonly type: string }): string {
  return `event: ${fields.type}\ndata: ${JSON.stringify(fields)}\n\n`;
}

export function encodeMessageStart(id: string, model: string, inputTokens: number): string {
  const usage = usageFields({ inputTokens, outputTokens: 1 });
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
  return encodeEvent({ type: 'message_start', message: { ...message, usage } } as { type: string });
}

export function encodeMessageEnd(stopReason: string, usage: Usage): string {
  const delta = { stop_reason: stopReason, stop_sequence: null };
  const end = { type: 'message_delta', delta, usage: usageFields(usage) };
  return encodeEvent(end) + encodeEvent({ type: 'message_stop' });
}

export function encodeBlockStart(index: number, part: Exclude<Part, { kind: 'wait' }>): string {
  const block = emptyBlock(part);
  return encodeEvent({ type: 'content_block_start', index, content_block: block } as { type: string });
}

export function encodeBlockStop(index: number): string {
  return `event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`;
}

const DELTA_FIELDS = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  signature_delta: 'signature',
  input_json_delta: 'partial_json',
} as const;

/** Written by hand: the deltas are most of a stream, and only the piece itself needs to be escaped. */
export function encodeDelta(index: number, type: keyof typeof DELTA_FIELDS, piece: string): string {
  const delta = `{"type":"${type}","${DELTA_FIELDS[type]}":${JSON.stringify(piece)}}`;
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${delta}}\n\n`;
}

function emptyBlock(part: Exclude<Part, { kind: 'wait' }>): object {
  if (part.kind === 'text') return { type: 'text', text: '' };
  if (part.kind === 'thinking') return { type: 'thinking', thinking: '', signature: '' };
  return { type: 'tool_use', id: newId('toolu'), name: part.name, input: {} };
}
