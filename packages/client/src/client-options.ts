import type { Patience } from './transport/patience.ts';

/** What `createClient` needs. */
export interface ClientOptions {
  /** Where the platform listens, for example `http://127.0.0.1:8000`; empty in a page that it serves itself. */
  baseUrl: string;
  /** Sent as X-API-Key. */
  apiKey?: string;
  /** Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch;
  /** How often a short request is tried. Default: 4 times within about 2 s, more when the platform says when. */
  retries?: Partial<Patience>;
  /** How often a message or a stream that was cut is taken up again. Default: 15 times in a row within about 45 s. */
  reconnects?: Partial<Patience>;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Sent along: `{ 'idempotency-key': … }` to name a POST yourself, `{ 'if-match': … }`, `{ range: … }`. */
  headers?: Record<string, string> | undefined;
  /** How long the beginning of the answer may take, in milliseconds. Default: 30,000. */
  timeoutMs?: number | undefined;
}
