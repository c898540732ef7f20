import type pg from 'pg';
import type { Logger } from 'pino';
import type { RetryPolicy } from './upstreams/retry-policy.ts';
import type { Upstream } from './upstreams/upstream.ts';

/**
 * What a session's model traffic does: `request` was let in, `retry` an attempt failed and another follows,
 * `data` bytes of an answer were passed on, `end` the request is over, however it ended.
 */
export type Activity = 'request' | 'retry' | 'data' | 'end';

export interface GatewayOptions {
  pool: pg.Pool;
  log: Logger;
  /** The first is used. */
  upstreams: Upstream[];
  /** Signs and checks session tokens; the same on every node. */
  tokenSecret: Buffer;
  /** Called often and on the hot path: it must return at once. */
  onActivity?: (sessionId: string, what: Activity) => void;
  retry?: Partial<RetryPolicy>;
  /** Connections to one upstream, at most. */
  connections?: number;
}

export interface Gateway {
  url: string;
  port: number;
  /** Resolves when no request runs, all ledger rows are written and every socket is closed. */
  close(): Promise<void>;
}
