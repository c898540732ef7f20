import type { Pool } from 'pg';

const HOLD = {
  name: 'directories.hold-session',
  text: `update session_heads h set held_by = directory_holder(h.session_id)
          where h.session_id = $1 and nullif(h.owner, '-') is null and h.held_by <> directory_holder(h.session_id)
            and exists (select 1 from sessions s where s.id = $1 and s.intent = 'active')`,
};

/**
 * Says who may claim a session that nobody owns, after its first files have come to a node without a store: where they
 * lie. For one that is owned its release says so.
 */
export async function holdSession(pool: Pool, sessionId: string): Promise<void> {
  await pool.query({ ...HOLD, values: [sessionId] });
}
