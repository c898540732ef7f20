import type { ApiRequestError } from '../api-request-error.ts';
import type { ClientOptions } from '../client-options.ts';
import { ConnectionError } from '../connection-error.ts';
import { LASTING, type Patience, QUICK, withPatience } from './patience.ts';
import { readProblem } from './read-problem.ts';

export interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/**
 * How often a call is made:
 * - `once`: a second one could do the thing twice
 * - `quick`, `lasting`: it may be repeated, with that patience
 */
export type Repeat = 'once' | 'quick' | 'lasting';

const ONCE: Patience = { attempts: 1, firstDelayMs: 0, maxDelayMs: 0 };

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
    const response = await this.open(call);
    const text = await this.#guard(call, () => response.text());
    try {
      return { status: response.status, body: JSON.parse(text) as T };
    } catch (error) {
      // Something between us and the platform has answered, or the answer is not complete.
      throw this.cut(error);
    }
  }

  /** One try: the answer once its headers have come. @throws ApiRequestError unless the status is 2xx. */
  async open(call: Call): Promise<Response> {
    const response = await this.#guard(call, () =>
      this.#fetch(`${this.#baseUrl}${call.path}${queryOf(call)}`, {
        method: call.method,
        headers: {
          ...this.#headers,
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      }),
    );
    if (response.ok) return response;
    throw await this.#guard<ApiRequestError>(call, () => readProblem(response));
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
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}
