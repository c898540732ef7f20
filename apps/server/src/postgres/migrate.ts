import { readFileSync } from 'node:fs';
import type { Pool } from 'pg';
export async function migrate(pool: Pool): Promise<void> {
  const r = await pool.query("select to_regclass('sessions') as t");
  if (!r.rows[0].t) await pool.query(readFileSync(new URL('./migrations/0001-initial.sql', import.meta.url), 'utf8'));
}
