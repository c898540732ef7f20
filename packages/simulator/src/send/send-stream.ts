import { errorBody } from '../http/api-error.ts';
import { type Exchange, newId, standardHeaders } from '../http/exchange.ts';
import { type Part, type Reply, simulatedError } from '../reply/reply.ts';
import {
  encodeBlockStart,
  encodeBlockStop,
  encodeDelta,
  encodeEvent,
  encodeMessageEnd,
  encodeMessageStart,
  SIGNATURE,
} from './encode-events.ts';
import type { Envelope } from './envelope.ts';
import { clientGone, paceOf, pause, stall } from './pacing.ts';
import { splitEvery, splitText } from './split-text.ts';

type Content = Exclude<Part, { kind: 'wait' }>;

/**
 * The answer to `stream: true`. Frames gather in a string and are written only where a silence follows, so an answer
 * without pacing is one write. A wait before the first content delays the headers too, as a slow model would.
 */
export async function sendStream(exchange: Exchange, reply: Reply, envelope: Envelope): Promise<void> {
  const { response } = exchange;
  let frames = '';
  let begun = false;
  let gone: AbortSignal | undefined;
  const begin = () => {
    if (!begun) frames += encodeMessageStart(newId('msg'), envelope.model, envelope.inputTokens);
    begun = true;
  };
  const flush = () => {
    if (frames === '') return;
    writeHead(exchange);
    response.write(frames);
    frames = '';
  };
  const silence = (ms: number) => {
    flush();
    gone ??= clientGone(response);
    return pause(ms, gone);
  };

  let index = 0;
  for (const part of reply.parts) {
    if (part.kind === 'wait') {
      if (!(await silence(part.ms))) return;
      continue;
    }
    begin();
    const pace = part.kind === 'text' && part.tokensPerSecond !== undefined ? paceOf(part.tokensPerSecond) : undefined;
    let due = performance.now();
    frames += encodeBlockStart(index, part);
    for (const delta of deltasOf(part, index, pace?.charactersPerTick)) {
      frames += delta;
      if (pace === undefined) continue;
      due += pace.tickMs;
      if (!(await silence(Math.max(0, due - performance.now())))) return;
    }
    if (part.open !== true) frames += encodeBlockStop(index);
    index++;
  }
  begin();
  return finish(exchange, reply, envelope, frames);
}

async function finish(exchange: Exchange, reply: Reply, envelope: Envelope, frames: string): Promise<void> {
  const { response, requestId } = exchange;
  const { ending } = reply;
  writeHead(exchange);
  if (ending.kind === 'complete') {
    reply.onComplete?.();
    response.end(frames + encodeMessageEnd(ending.stopReason, envelope));
  } else if (ending.kind === 'drop') {
    // Destroying at once would throw away what is not yet with the kernel: the cut comes behind the frames.
    response.write(frames, () => response.destroy());
  } else if (ending.kind === 'stall') {
    response.write(frames);
    await stall(response);
  } else {
    const error = errorBody(ending.status, simulatedError(ending.status), requestId);
    response.end(frames + encodeEvent(error as { type: string }));
  }
}

function writeHead(exchange: Exchange): void {
  if (exchange.response.headersSent) return;
  exchange.response.writeHead(200, {
    ...standardHeaders(exchange),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
}

/** The deltas of a block. Of a part that is cut, only the first half. */
function* deltasOf(part: Content, index: number, charactersPerTick: number | undefined): Generator<string> {
  const all = part.kind === 'text' ? part.text : part.kind === 'thinking' ? part.thinking : JSON.stringify(part.input);
  const sent = part.open === true ? all.slice(0, Math.ceil(all.length / 2)) : all;
  const pieces = charactersPerTick === undefined ? splitText(sent) : splitEvery(sent, charactersPerTick);
  const type = part.kind === 'text' ? 'text_delta' : part.kind === 'thinking' ? 'thinking_delta' : 'input_json_delta';
  for (const piece of pieces) yield encodeDelta(index, type, piece);
  if (part.kind === 'thinking' && part.open !== true) yield encodeDelta(index, 'signature_delta', SIGNATURE);
}
