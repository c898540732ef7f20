import type { IncomingHttpHeaders } from 'node:http';
import { ERROR_BODY_TIMEOUT_MS, MAX_ERROR_BODY_BYTES, MAX_WHOLE_ANSWER_BYTES } from '../limits.ts';
import { type Dispatched, dispatch } from './dispatch.ts';
import { openingError } from './opening-error.ts';
import { readWhole } from './read-whole.ts';
import type { OpenUpstream } from './upstream.ts';
import type { UpstreamBody } from './upstream-body.ts';

/** What came of one request to an upstream. */
export type Attempt =
  /** A stream of events and its first bytes. `opensWith`: the status of an error that it starts with. */
  | Answer<'stream', { first: Buffer; rest: UpstreamBody; opensWith: number | null }>
  /** An answer in one piece: a success that is no stream, or an error. */
  | Answer<'whole', { body: Buffer }>
  /** It was not sent: the upstream is left alone, or has no place for it. `retryAfterMs` null: nobody knows. */
  | { kind: 'denied'; status: 529; reason: 'breaker' | 'places'; retryAfterMs: number | null; final: boolean }
  /** No answer, or one that broke before its first byte could be passed on. `status` 0: no headers came. */
  | { kind: 'broken'; status: number; cause: unknown; retryable: boolean };

export type Answer<Kind extends string, Content> = {
  kind: Kind;
  status: number;
  headers: IncomingHttpHeaders;
} & Content;

export interface AttemptListener {
  /** The request goes out on a connection. */
  onSent(): void;
  /** Headers came. */
  onStatus(status: number): void;
}

export interface UpstreamRequest {
  method: 'GET' | 'POST';
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body: Buffer | null;
}

/** An answer that another attempt would not better. */
class Unusable extends Error {
  override readonly name = 'Unusable';
}

/**
 * Sends a request once. Returns with the first bytes of a stream, or with the whole of any other answer, so that until
 * then nothing is promised to the client and another attempt is possible. Rejects only when the signal aborts.
 */
export async function attempt(
  upstream: OpenUpstream,
  request: UpstreamRequest,
  signal: AbortSignal,
  listener: AttemptListener,
): Promise<Attempt> {
  let status = 0;
  try {
    const options = { ...request, path: upstream.pathPrefix + request.path };
    const answer = await dispatch(upstream.pool, options, signal, listener.onSent);
    status = answer.status;
    listener.onStatus(status);
    return await receive(answer, signal);
  } catch (cause) {
    if (signal.aborted) throw cause;
    const retryable = !(cause instanceof Unusable) && (cause as { code?: string }).code !== 'UND_ERR_INVALID_ARG';
    return { kind: 'broken', status, cause, retryable };
  }
}

async function receive({ status, headers, body }: Dispatched, signal: AbortSignal): Promise<Attempt> {
  if (status < 200 || status > 299) {
    return { kind: 'whole', status, headers, body: await readError(body, signal) };
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    body.cancel();
    throw new Unusable(`the upstream compressed its answer (${encoding}) though it was asked not to`);
  }
  if (!headers['content-type']?.startsWith('text/event-stream')) {
    const whole = await readWhole(body, MAX_WHOLE_ANSWER_BYTES);
    if (whole === null) throw new Unusable(`the upstream's answer is larger than ${MAX_WHOLE_ANSWER_BYTES} bytes`);
    return { kind: 'whole', status, headers, body: whole };
  }
  const first = await body.next();
  if (first.done) throw new Error('the upstream ended its stream before the first byte');
  return { kind: 'stream', status, headers, first: first.value, rest: body, opensWith: openingError(first.value) };
}

/** The body of an error. What cannot be read in time is given up: the status says enough. */
async function readError(body: UpstreamBody, signal: AbortSignal): Promise<Buffer> {
  const timer = setTimeout(() => body.cancel(), ERROR_BODY_TIMEOUT_MS);
  try {
    return (await readWhole(body, MAX_ERROR_BODY_BYTES)) ?? Buffer.alloc(0);
  } catch (cause) {
    if (signal.aborted) throw cause;
    return Buffer.alloc(0);
  } finally {
    clearTimeout(timer);
  }
}
