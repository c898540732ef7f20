import type { Pool } from 'pg';

/** How a session is beyond its state: asked for when somebody looks at it alone. */
export interface Condition {
  /** Losses of its process that may count against its restart policy. */
  losses: Date[];
  /** The end of the backoff that runs. */
  retryAt: Date | null;
  /** Null: no process runs, or it was not measured yet. */
  sample: { at: Date; memoryBytes: number; cpuSeconds: number; cpuPercent: number; processes: number } | null;
}

// A sample names the process that it is of: it may be of one before.
const FIND = {
  name: 'sessions.find-condition',
  text: `
    select s.losses, case when s.sandbox_phase = 'recovering' then s.retry_at end as "retryAt",
           p.at, p.memory_bytes as "memoryBytes", p.cpu_seconds as "cpuSeconds", p.cpu_percent as "cpuPercent", p.processes
      from sessions s left join sandbox_samples p on p.session_id = s.id and p.pid = s.pid
     where s.id = $1 and s.workspace_id = $2`,
};

/** Null: there is no such session in the workspace. */
export async function findCondition(pool: Pool, workspaceId: string, sessionId: string): Promise<Condition | null> {
  const result = await pool.query<
    Pick<Condition, 'losses' | 'retryAt'> & { [Field in keyof NonNullable<Condition['sample']>]: never }
  >({ ...FIND, values: [sessionId, workspaceId] });
  const row = result.rows[0];
  if (!row) return null;
  const { losses, retryAt, ...sample } = row;
  return { losses, retryAt, sample: sample.at === null ? null : sample };
}
