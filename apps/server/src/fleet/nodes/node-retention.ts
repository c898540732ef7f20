import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { JobKind } from '../../jobs/jobs.ts';

const KEPT_DAYS = 30;

/** Each night. A machine that comes with a new disk each time is a new node each time: those of before are forgotten. */
export function nodeRetention({ pool, log }: { pool: Pool; log: Logger }): JobKind {
  return {
    name: 'nodes.retention',
    cron: '17 4 * * *',
    concurrency: 1,
    expiresAfterSeconds: 600,
    retries: 3,
    run: async () => {
      const forgotten = await forgetNodes(pool);
      if (forgotten.length > 0) log.info({ nodes: forgotten }, 'forgot nodes that have long been gone');
    },
  };
}

/**
 * Removes nodes that nobody has heard of for 30 days, that own no session and have nothing on their disk which is
 * nowhere else. @returns their ids
 */
export async function forgetNodes(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `delete from nodes n
      where n.heartbeat_at < now() - interval '${KEPT_DAYS} days'
        and not exists (select from session_heads h where h.owner = n.id)
        and not exists (select from sessions s where s.directory_node = n.id and s.directory_unsaved)
     returning n.id`,
  );
  return rows.map(({ id }) => id);
}
