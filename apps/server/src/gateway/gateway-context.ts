import type { KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Admission } from './admission.ts';
import type { Budgets } from './budgets/budgets.ts';
import type { Activity } from './gateway-options.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { McpRelay } from './mcp/mcp-relay.ts';
import type { Principal, Principals } from './principal.ts';
import type { TokenClaim } from './tokens.ts';
import type { Fleet } from './upstreams/fleet.ts';
import type { RetryPolicy } from './upstreams/retry-policy.ts';
import type { GatewaySettings } from './upstreams/upstream.ts';
import type { Watch } from './watch-generations.ts';

/** What all requests share. */
export interface GatewayContext {
  log: Logger;
  tokenSecret: KeyObject;
  fleet: Fleet;
  settings: GatewaySettings;
  policy: RetryPolicy;
  /** For whom a token speaks; null: for nobody yet. */
  cells(claim: TokenClaim): TokenClaim | null | Promise<TokenClaim | null>;
  principals: Principals;
  ledger: Ledger;
  admission: Admission;
  watch: Watch;
  budgets: Budgets;
  /** Null: agents have no MCP servers over HTTP. */
  mcp: McpRelay | null;
  onActivity(sessionId: string, what: Activity): void;
}

/** One request that was let in. */
export interface Call {
  req: IncomingMessage;
  res: ServerResponse;
  claim: TokenClaim;
  principal: Principal;
  /** With its query. */
  path: string;
  /** Empty when there is none. */
  body: Buffer;
  /** Of the clock that never goes back. */
  startedAt: number;
  /** Aborts when the client goes away or the gateway closes. */
  signal: AbortSignal;
}
