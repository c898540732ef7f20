import { Pool } from 'undici';
import {
  BODY_TIMEOUT_MS,
  CONNECT_TIMEOUT_MS,
  HEADERS_TIMEOUT_MS,
  UPSTREAM_CONNECTIONS,
  UPSTREAM_KEEP_ALIVE_MS,
} from '../limits.ts';

/** A Messages API that answers model requests. */
export interface Upstream {
  /** As the ledger names it. */
  name: string;
  /** Its path, if it has one, stands before each route. */
  baseUrl: string;
  /** null: requests carry no credentials. */
  apiKey: string | null;
  /** Its answers cost nothing and are not a model's. */
  simulated: boolean;
}

/** An upstream with its connections. */
export interface OpenUpstream extends Upstream {
  pool: Pool;
  /** Stands before each route; no slash at its end. */
  pathPrefix: string;
  /** Ends every request and connection. */
  close(): Promise<void>;
}

export function openUpstream(upstream: Upstream, connections: number = UPSTREAM_CONNECTIONS): OpenUpstream {
  const url = new URL(upstream.baseUrl);
  const pool = new Pool(url.origin, {
    connections,
    pipelining: 1,
    // One request per connection: a stream that its client does not take must not hold up another session's.
    allowH2: false,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    keepAliveTimeout: UPSTREAM_KEEP_ALIVE_MS,
  });
  return {
    ...upstream,
    pool,
    pathPrefix: url.pathname.replace(/\/+$/, ''),
    close: () => pool.destroy(),
  };
}
