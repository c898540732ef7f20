import type pg from 'pg';
import type { Logger } from 'pino';
import type { Front } from './front.ts';
import type { McpRelay } from './mcp/mcp-relay.ts';
import type { ModelCatalogue } from './models/model-catalogue.ts';
import type { RetryPolicy } from './upstreams/retry-policy.ts';
import type { GatewaySettings, Upstream, UpstreamState } from './upstreams/upstream.ts';

/**
 * What a session's model traffic does: `request` was let in, `retry` an attempt failed and another follows,
 * `data` bytes of an answer were passed on, `end` the request is over, however it ended.
 */
export type Activity = 'request' | 'retry' | 'data' | 'end';

export interface GatewayOptions {
  pool: pg.Pool;
  log: Logger;
  /** In the order in which they are asked. */
  upstreams: Upstream[];
  /** Starts the simulator, when a test workspace asks and none is among the upstreams. */
  simulator(): Promise<Upstream>;
  /** Read whenever one is needed. */
  settings: GatewaySettings;
  /** Signs and checks session tokens; the same on every node. */
  tokenSecret: Buffer;
  /** Called often and on the hot path: it must return at once. */
  onActivity?: (sessionId: string, what: Activity) => void;
  /** Without it agents have no MCP servers over HTTP. */
  mcp?: McpRelay;
  retry?: Partial<RetryPolicy>;
  /** How often requests in progress are checked for whether their process still owns its session. */
  watchMs?: number;
}

export interface Gateway extends Front {
  /** How each upstream is, as this process sees it. */
  upstreams(): UpstreamState[];
  models: ModelCatalogue;
  /** Resolves when no request runs, all ledger rows are written and every socket is closed. */
  close(): Promise<void>;
}
