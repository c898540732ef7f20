import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Enforcement } from '@aaas/contract/enforcement';
import type { NodeLoad } from '@aaas/contract/fleet';
import type { Role } from '@aaas/contract/roles';
import type { Scope } from '@aaas/contract/scopes';
import type { Settings } from '@aaas/contract/settings';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import type { Authenticator, Principal } from '../access/authenticate.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { TakingSite } from '../directories/locate-directory.ts';
import type { KnownNodes } from '../fleet/nodes/known-nodes.ts';
import type { ModelCatalogue } from '../gateway/models/model-catalogue.ts';
import type { UpstreamState } from '../gateway/upstreams/upstream.ts';
import type { InternalService } from '../internal/start-internal.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { RequestsUnderWay } from '../limits/idempotency/requests-under-way.ts';
import type { RateClass } from '../limits/limits-of.ts';
import type { RateLimiter } from '../limits/rate-limiter.ts';
import type { SharedRedis } from '../redis/shared-redis.ts';
import type { PoolState } from '../sandboxes/pool/warm-pool.ts';
import type { Line } from '../sessions/inbox/require-place.ts';
import type { RestartDefaults } from '../sessions/lifecycle/restart-rules.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import type { LiveSettings } from '../settings/live-settings.ts';
import type { LogFields } from '../telemetry/log-context.ts';

/** How one reaches the other nodes. */
export interface FleetAccess {
  nodes: KnownNodes;
  /** What all nodes of the fleet share. */
  secret: Buffer;
}

/** What the routes reach of the platform. */
export interface Api {
  ctx: SessionContext;
  /** The metrics of this process. */
  registry: Registry;
  /** Read a setting where it is used and never keep a copy: those that are live change under a running server. */
  settings: Settings;
  live: LiveSettings;
  version: string;
  /** Of this node. */
  nodeId: string;
  roles: readonly Role[];
  /** The other nodes; null: there cannot be any, for the database is this process's own. */
  fleet: FleetAccess | null;
  /** No provider is configured: the simulator answers. */
  simulated(): boolean;
  /** How the model providers are. */
  upstreams(): UpstreamState[];
  models: Pick<ModelCatalogue, 'list' | 'missing'>;
  /** How limits of agents are held on this node; null: it runs none. */
  enforcement: Enforcement | null;
  /** What the platform does when a process is lost whose agent says nothing of it. */
  restartDefaults: RestartDefaults;
  /** Where this node keeps the directories of sessions; null: it runs none. */
  directories: TakingSite | null;
  /** The session has something to do. A hint. */
  wake(sessionId: string): void;
  /** Sessions that this node owns. */
  owned(): number;
  /** Spare processes of this node; null: it runs no agents. */
  warmPool(): PoolState | null;
  /** Whether this node owns the session. */
  owns(sessionId: string): boolean;
  /** Sessions that wait for a place. */
  line: Line;
  /** How this node is. */
  load(): NodeLoad;
  /** Something was changed in the row of this node: it looks there now. */
  lookAround(): Promise<void>;
  access: Authenticator;
  /** Somebody has changed, ended or archived keys: no node goes by what it knew of them. */
  keysChanged(): void;
  /** Counts requests against the limits. */
  limiter: RateLimiter;
  /** Requests with an Idempotency-Key that are being handled. */
  underWay: RequestsUnderWay;
  audit: AuditLog;
  jobs: Jobs;
  /** The Redis of the fleet; null: there is none. */
  redis: Pick<SharedRedis, 'healthy'> | null;
  /** Gives other nodes what happens to sessions of this one. */
  signals: InternalService;
  /** A webhook delivery is due. A hint. */
  wakeWebhooks(): void;
  /** The database does not answer. */
  databaseAway(): boolean;
  /** The server finishes its work and takes no new: it is not ready. */
  isDraining(): boolean;
  /** Aborted when the server ends: waiting answers and streams end with it. */
  closing: AbortSignal;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Name of the operation, as in logs, metrics and scopes. */
    operation?: string;
    /** What a key must be allowed to do; any: every key will do; null: no key is needed. A route without it does not start. */
    scope?: Scope | 'any' | null;
    /** Which limit counts it; without one the general limit. Streams and what machines poll name `none`. */
    rate?: RateClass;
    /** `own`: the route keeps its Idempotency-Key itself. */
    idempotency?: 'own';
    /** `batched`: the answer does not wait for its entry in the audit log, which follows within 100 ms. */
    audit?: 'batched';
  }
  interface FastifyRequest {
    principal: Principal;
    /** What lines of the log say of this request. */
    logFields: LogFields;
  }
}
