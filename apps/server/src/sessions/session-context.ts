import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Keyring } from '../secrets/keyring.ts';
import type { StreamHub } from '../streams/stream-hub.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What every operation on sessions needs: the database, the live streams, a log, counters and the clock. */
export interface SessionContext {
  pool: Pool;
  streams: StreamHub;
  log: Logger;
  metrics: Metrics;
  /** Seals what must not lie in the database in clear. */
  keyring: Keyring;
  now(): Date;
  /** Of this node: sessions that it makes are to run there unless they say otherwise. */
  region: string | null;
  /** The sandboxes of this node stand still until its lease is renewed: their silence says nothing about them. */
  frozen(): boolean;
}

/** A session together with the ownership under which the caller writes. */
export interface OwnedSession {
  sessionId: string;
  generation: number;
}

/** The write named a generation that is no longer the session's: another owner has taken it. Nothing was written. */
export class Fenced extends Error {
  constructor(owned: OwnedSession) {
    super(`failed to write session ${owned.sessionId}: generation ${owned.generation} has ended`);
    this.name = 'Fenced';
  }
}
