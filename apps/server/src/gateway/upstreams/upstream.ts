import type { Settings } from '@aaas/contract/settings';
import type { BreakerState } from '@aaas/contract/upstreams';
import { Pool } from 'undici';
import { BODY_TIMEOUT_MS, CONNECT_TIMEOUT_MS, HEADERS_TIMEOUT_MS, UPSTREAM_KEEP_ALIVE_MS } from '../limits.ts';
import { Breaker } from './breaker.ts';
import type { ModelMap } from './model-map.ts';
import { Places } from './places.ts';
import { secretsOf } from './secrets.ts';

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
  /** How it wants its key. Default: x-api-key. */
  auth?: 'x-api-key' | 'bearer';
  /** Default: it serves every model under its own name. */
  models?: ModelMap;
  /** Requests in progress; default: UPSTREAM_MAX_CONCURRENCY. */
  maxConcurrency?: number;
  /** Sent with each request; they may hold secrets. */
  headers?: Readonly<Record<string, string>>;
  connectTimeoutMs?: number;
  /** From the sent request to the headers of its answer. */
  answerTimeoutMs?: number;
  /** Silence inside its answer. */
  silenceTimeoutMs?: number;
}

/** The settings that the gateway reads whenever it needs them. */
export type GatewaySettings = Pick<Settings, Extract<keyof Settings, `UPSTREAM_${string}`> | 'DRAIN_TIMEOUT'>;

/** What went wrong at an upstream last. The sentence holds no secret. */
export interface UpstreamFailure {
  at: Date;
  status: number;
  message: string;
}

/** How an upstream is on this node, for operators. */
export interface UpstreamState {
  name: string;
  simulated: boolean;
  state: BreakerState;
  /** Requests in progress, and those that wait for a place. */
  inFlight: number;
  queued: number;
  /** Attempts, and those of them that failed, since the start. */
  attempts: number;
  failures: number;
  lastFailure: UpstreamFailure | null;
}

/** An upstream with its connections and what is known of it. */
export interface OpenUpstream extends Upstream {
  pool: Pool;
  /** Stands before each route; no slash at its end. */
  pathPrefix: string;
  /** Not to be seen by anybody. */
  secrets: readonly string[];
  places: Places;
  /** null: the simulator fails only where it is told to, so its faults say nothing to others. */
  breaker: Breaker | null;
  attempts: number;
  failures: number;
  lastFailure: UpstreamFailure | null;
  /** Ends every request and connection. */
  close(): Promise<void>;
}

export function openUpstream(upstream: Upstream, settings: GatewaySettings, now: () => number): OpenUpstream {
  const url = new URL(upstream.baseUrl);
  const pool = new Pool(url.origin, {
    // The places bound them.
    connections: null,
    pipelining: 1,
    // One request per connection: a stream that its client does not take must not hold up another session's.
    allowH2: false,
    connect: { timeout: upstream.connectTimeoutMs ?? CONNECT_TIMEOUT_MS },
    headersTimeout: upstream.answerTimeoutMs ?? HEADERS_TIMEOUT_MS,
    bodyTimeout: upstream.silenceTimeoutMs ?? BODY_TIMEOUT_MS,
    keepAliveTimeout: UPSTREAM_KEEP_ALIVE_MS,
  });
  const places = new Places({
    places: () => upstream.maxConcurrency ?? settings.UPSTREAM_MAX_CONCURRENCY,
    workspaceShare: () => settings.UPSTREAM_WORKSPACE_SHARE,
    queue: () => settings.UPSTREAM_QUEUE_LIMIT,
    queueMs: () => settings.UPSTREAM_QUEUE_SECONDS * 1000,
  });
  const bounds = {
    failures: () => settings.UPSTREAM_BREAKER_FAILURES,
    openMs: () => settings.UPSTREAM_BREAKER_SECONDS * 1000,
  };
  return {
    ...upstream,
    pool,
    pathPrefix: url.pathname.replace(/\/+$/, ''),
    secrets: secretsOf(upstream),
    places,
    breaker: upstream.simulated ? null : new Breaker(bounds, now),
    attempts: 0,
    failures: 0,
    lastFailure: null,
    close: () => pool.destroy(),
  };
}

export function stateOf(upstream: OpenUpstream): UpstreamState {
  const { name, simulated, places, breaker, attempts, failures, lastFailure } = upstream;
  return {
    name,
    simulated,
    state: breaker?.state ?? 'closed',
    inFlight: places.inFlight,
    queued: places.queued,
    attempts,
    failures,
    lastFailure,
  };
}
