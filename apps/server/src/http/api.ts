import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Scope } from '@aaas/contract/scopes';
import type { Settings } from '@aaas/contract/settings';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Principal } from '../access/authenticate.ts';
import type { Gateway } from '../gateway/gateway-options.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import type { LiveSettings } from '../settings/live-settings.ts';

/** What the routes reach of the platform. */
export interface Api {
  ctx: SessionContext;
  /** Read a setting where it is used and never keep a copy: those that are live change under a running server. */
  settings: Settings;
  live: LiveSettings;
  version: string;
  /** No provider is configured: the simulator answers. */
  simulated: boolean;
  /** How the model providers are, and what they serve. */
  gateway: Pick<Gateway, 'upstreams' | 'models'>;
  isolation: 'user' | 'process';
  /** The session has something to do. A hint. */
  wake(sessionId: string): void;
  /** Sessions that this node owns. */
  owned(): number;
  authenticate(key: string): Promise<Principal | null>;
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
    /** What a key must be allowed to do; null: no key is needed. */
    scope?: Scope | null;
  }
  interface FastifyRequest {
    principal: Principal;
  }
}
