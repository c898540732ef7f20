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

/** A queue whose jobs are made in SQL, and taken by who has room for them. Each is a row that may come again. */
export interface JobQueue {
  name: string;
  /** Seconds after which a job that was taken counts as lost and comes again; a new value holds for jobs made later. */
  expiresAfterSeconds(): number;
}

/** One attempt at a job. */
export interface JobAttempt {
  id: string;
  /** Tells this attempt from a later one. */
  retryCount: number;
}

/** A job that was taken. */
export interface TakenJob<T> extends JobAttempt {
  data: T;
  /** From the moment it was taken. */
  expireInSeconds: number;
}

export interface TakeJobsOptions {
  /** The transaction that they are taken in: they are free again when it is rolled back. */
  db: ClientBase;
  limit: number;
  /** Of these priorities, both included. */
  minPriority?: number;
  maxPriority?: number;
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
  /** Whether the queue has come up. */
  readonly up: boolean;
  /** Takes jobs that are due, by priority and age. None is in two hands. @throws unavailable as `send` does. */
  take<T>(queue: string, options: TakeJobsOptions): Promise<TakenJob<T>[]>;
  /** Removes jobs; those that were taken only while they are under that attempt. @returns how many there were. */
  drop(queue: string, jobs: string[] | JobAttempt[], db?: ClientBase): Promise<number>;
  /** Lets running jobs finish for a moment; what does not comes again on another node. */
  close(): Promise<void>;
}
