import type { EventSourceMessage } from 'eventsource-parser';
import { ApiRequestError } from '../api-request-error.ts';
import type { ClientOptions } from '../client-options.ts';
import { ConnectionError } from '../connection-error.ts';
import { LASTING, type Patience, QUICK, withPatience } from './patience.ts';
import { readFrames } from './read-frames.ts';
import { readProblem } from './read-problem.ts';

/** A list is sent as one parameter for each of its values. */
export type QueryValue = string | number | boolean | readonly string[] | undefined;

/** What is sent as it is: a file, an archive. */
export type RawBody = string | Uint8Array<ArrayBuffer> | ArrayBuffer | Blob | ReadableStream<Uint8Array>;

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, QueryValue> | undefined;
  /** Sent as JSON. */
  body?: unknown;
  raw?: RawBody;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** How long the beginning of the answer may take. */
  timeoutMs?: number | undefined;
}

const TIMEOUT_MS = 30_000;

/**
 * How often a call is made:
 * - `once`: its body is a stream that cannot be read again
 * - `quick`, `lasting`: it may be repeated, with that patience
 */
export type Repeat = 'once' | 'quick' | 'lasting';

const ONCE: Patience = { attempts: 1, firstDelayMs: 0, maxDelayMs: 0, maxRetryAfterMs: 0 };

/** Requests to one platform with one key. Holds nothing open between them. */
export class Transport {
  readonly #baseUrl: string;
  readonly #headers: Record<string, string>;
  readonly #fetch: typeof globalThis.fetch;
  readonly #patience: Record<Repeat, Patience>;

  constructor(options: ClientOptions) {
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#headers = options.apiKey === undefined ? {} : { 'x-api-key': options.apiKey };
    // Looked up at each call: in a browser it must be called as a function of the window.
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#patience = {
      once: ONCE,
      quick: { ...QUICK, ...options.retries },
      lasting: { ...LASTING, ...options.reconnects },
    };
  }

  patience(repeat: Repeat): Patience {
    return this.#patience[repeat];
  }

  /** The parsed answer. @throws ApiRequestError, ConnectionError, or the reason of the signal. */
  json<T>(call: Call, repeat: Repeat): Promise<T> {
    return withPatience(this.#patience[repeat], call.signal, async () => (await this.jsonOnce<T>(call)).body);
  }

  /** The same, tried once, with its status. */
  async jsonOnce<T>(call: Call): Promise<{ status: number; body: T }> {
    const response = await this.#open(call, 'application/json');
    const text = await this.#guard(call, () => response.text());
    return { status: response.status, body: (response.status === 204 ? undefined : JSON.parse(text)) as T };
  }

  /** An answer of any type once its headers have come, to be read as a stream. */
  raw(call: Call, repeat: Repeat): Promise<Response> {
    return withPatience(this.#patience[repeat], call.signal, () => this.#open(call, ''));
  }

  /** The server-sent events of one answer, tried once. Whoever stops reading closes the connection. */
  async *frames(call: Call): AsyncGenerator<EventSourceMessage> {
    const accept = { ...call.headers, accept: 'text/event-stream' };
    const response = await this.#open({ ...call, headers: accept }, 'text/event-stream');
    const frames = readFrames(response);
    try {
      for (;;) {
        const next = await this.#guard(call, () => frames.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await frames.return(undefined);
    }
  }

  /** One try: the answer once its headers have come. @throws ApiRequestError unless it is 2xx and of that type. */
  async #open(call: Call, type: string): Promise<Response> {
    const response = await this.#guard(call, () => this.#send(call));
    if (!response.ok) throw await this.#guard(call, () => readProblem(response));
    if (response.status === 204 || (response.headers.get('content-type') ?? '').startsWith(type)) return response;
    await response.body?.cancel();
    throw new ApiRequestError({
      status: response.status,
      code: 'unexpected_answer',
      detail: `${this.#baseUrl || 'The server'} answers, but not as an AaaS server does. Check the address.`,
      requestId: null,
    });
  }

  async #send(call: Call): Promise<Response> {
    const { timeoutMs = TIMEOUT_MS } = call;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    try {
      return await this.#fetch(`${this.#baseUrl}${call.path}${queryOf(call)}`, {
        method: call.method,
        headers: {
          ...this.#headers,
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(call.raw === undefined ? {} : { body: call.raw, duplex: 'half' }),
        signal: call.signal ? AbortSignal.any([call.signal, late.signal]) : late.signal,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** The error that says that the connection was lost. */
  cut(cause: unknown): ConnectionError {
    return new ConnectionError(this.#baseUrl, cause);
  }

  async #guard<T>(call: Call, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      throw this.cut(error);
    }
  }
}

function queryOf({ query = {} }: Call): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined) given.append(name, String(one));
  }
  return given.size === 0 ? '' : `?${given}`;
}
