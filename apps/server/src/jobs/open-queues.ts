import type { ClientBase } from 'pg';
import type { JobAttempt, PgBoss } from 'pg-boss';
import { inTransaction } from './in-transaction.ts';
import type { JobQueue, TakeJobsOptions, TakenJob } from './jobs.ts';

/** A job that no longer comes is found by who made it; until then it comes again and again. */
const RETRIES = 1_000_000;
/** How long they may become is for those who made them to say. */
const NEVER_TOO_LONG = 1_000_000_000;

/** Queues whose jobs are taken one by one, instead of being handed to workers. */
export class OpenQueues {
  readonly #queues: Map<string, JobQueue>;
  readonly #expiry = new Map<string, number>();

  constructor(queues: JobQueue[]) {
    this.#queues = new Map(queues.map((queue) => [queue.name, queue]));
  }

  /** Makes them, each with a table of its own: what one holds is not in the way of others. */
  async open(boss: PgBoss): Promise<void> {
    for (const queue of this.#queues.values()) {
      const expireInSeconds = queue.expiresAfterSeconds();
      const policy = { expireInSeconds, retryLimit: RETRIES, retryDelay: 0, warningQueueSize: NEVER_TOO_LONG };
      await boss.createQueue(queue.name, { ...policy, policy: 'standard', partition: true });
      await boss.updateQueue(queue.name, policy);
      this.#expiry.set(queue.name, expireInSeconds);
    }
  }

  async take<T>(boss: PgBoss, name: string, { db, limit, ...priorities }: TakeJobsOptions): Promise<TakenJob<T>[]> {
    const expireInSeconds = this.#queues.get(name)?.expiresAfterSeconds();
    if (expireInSeconds !== undefined && expireInSeconds !== this.#expiry.get(name)) {
      await boss.updateQueue(name, { expireInSeconds });
      this.#expiry.set(name, expireInSeconds);
    }
    return boss.fetch<T>(name, { batchSize: limit, ...priorities, db: inTransaction(db) });
  }

  async drop(boss: PgBoss, name: string, jobs: string[] | JobAttempt[], db: ClientBase | undefined): Promise<number> {
    const options = db ? { db: inTransaction(db) } : {};
    // Whether by id or by attempt is for each of its overloads to say, and its types leave out what it answers.
    const answer = (await boss.deleteJob(name, jobs as JobAttempt[], options)) as { affected: number };
    return answer.affected;
  }
}
