import type { Pool } from 'pg';
import type { Jobs } from '../jobs/jobs.ts';
import { transaction } from '../postgres/transaction.ts';
import { PURGE_JOB } from './upkeep.ts';

/** Removes a webhook; nothing is sent to it any more, and a job removes its deliveries. @returns whether there was one. */
export async function deleteWebhook(
  { pool, jobs }: { pool: Pool; jobs: Jobs },
  workspaceId: string,
  id: string,
): Promise<boolean> {
  return transaction(pool, async (db) => {
    const deleted = await db.query('delete from webhooks where workspace_id = $1 and id = $2', [workspaceId, id]);
    if (deleted.rowCount === 0) return false;
    await jobs.send(PURGE_JOB, {}, { db });
    return true;
  });
}
