import type { Pool } from 'pg';
import type { UidRange } from './find-processes.ts';

/**
 * The users that agents of this node may have had so far: each session's number is its place in the range. No wider
 * than that, for beyond it the machine may have users of its own.
 */
export async function agentUids(pool: Pool, uidBase: number | null): Promise<UidRange | null> {
  if (uidBase === null) return null;
  const result = await pool.query<{ highest: number }>('select coalesce(max(number), 0) as highest from sessions');
  return { first: uidBase, count: (result.rows[0]?.highest ?? 0) + 1 };
}
