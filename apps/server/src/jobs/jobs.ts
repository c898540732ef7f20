import type { ClientBase, Pool } from 'pg';

/** A kind of work that is done in the background, on any node. A run may be cut short and come again: it must bear that. */
export interface JobKind<T extends object = Record<string, never>> {
  /** Of its queue, such as `webhooks.purge`. */
  name: string;
  /** Runs at once on this node. */
  concurrency: number;
  /** Seconds after which a run counts as lost; its signal is aborted and it comes again. */
  expiresAfterSeconds: number;
  /** Runs after one that failed, with growing pauses. */
  retries: number;
  /** Five fields, UTC: it also runs by itself, once for the whole fleet, never two at a time. */
  cron?: string;
  run(data: T, signal: AbortSignal): Promise<void>;
}

export interface SendJobOptions {
  /** A client in a transaction: the job exists if and when that commits. */
  db?: Pool | ClientBase;
  /** Not before. */
  startAfter?: Date;
}

/** The background jobs of the platform. */
export interface Jobs {
  /** Brings the queue up in the background, and again when the database was away. */
  start(): void;
  /** @throws unavailable when the queue has not come up yet. */
  send(name: string, data: object, options?: SendJobOptions): Promise<void>;
  /** Lets running jobs finish for a moment; what does not comes again on another node. */
  close(): Promise<void>;
}
