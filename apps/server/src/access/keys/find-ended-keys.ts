import type { Pool } from 'pg';

const ENDED = {
  name: 'access.ended-keys',
  text: `select k.id from api_keys k join workspaces w on w.id = k.workspace_id
          where k.id = any($1) and (k.revoked_at is not null or k.expires_at <= now() or w.archived_at is not null)`,
};

/** Which of these keys are no longer good. */
export async function findEndedKeys(pool: Pool, keyIds: string[]): Promise<string[]> {
  const result = await pool.query<{ id: string }>({ ...ENDED, values: [keyIds] });
  return result.rows.map(({ id }) => id);
}
