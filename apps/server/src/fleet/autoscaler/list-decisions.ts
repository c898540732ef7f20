import type { ScaleDecision } from '@aaas/contract/autoscaler';
import type { Pool } from 'pg';

const LIST = `
  select id::float8 as id, at, scope, node_id, target, action, value_from as "from", value_to as "to", reason, detail, signal,
         value, threshold, cooldown_until, drain_candidates, signals
    from scale_decisions
   where ($1::text is null or scope = $1) and ($2::bigint is null or id < $2)
   order by id desc limit $3`;

type Row = Omit<ScaleDecision, 'at' | 'cooldown_until'> & { at: Date; cooldown_until: Date | null };

/** Decisions, newest first; `before`: those older than that one. */
export async function listDecisions(
  pool: Pool,
  { scope, before, limit }: { scope?: 'fleet' | 'node' | undefined; before?: number | undefined; limit: number },
): Promise<ScaleDecision[]> {
  const { rows } = await pool.query<Row>(LIST, [scope ?? null, before ?? null, limit]);
  return rows.map((row) => ({
    ...row,
    at: row.at.toISOString(),
    cooldown_until: row.cooldown_until?.toISOString() ?? null,
  }));
}
