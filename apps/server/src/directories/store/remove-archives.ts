import type { Pool } from 'pg';
import type { DirectoryStore } from './directory-store.ts';

// What was begun longer ago was never finished, or nobody learned of it.
const DOOMED = `
  select key from directory_archives
   where location = $1 and (state = 'doomed' or (state = 'writing' and created_at < now() - interval '1 day'))`;

/** Removes what is too old of a session. What fails is left to the next upkeep. */
export async function removeDoomedOf(pool: Pool, store: DirectoryStore, sessionId: string): Promise<void> {
  const { rows } = await pool.query<{ key: string }>(`${DOOMED} and session_id = $2`, [store.location, sessionId]);
  for (const { key } of rows) await removeArchive(pool, store, key).catch(() => {});
}

/** Removes every archive that no session needs any more. @returns how many */
export async function removeDoomed(pool: Pool, store: DirectoryStore, signal: AbortSignal): Promise<number> {
  let removed = 0;
  for (;;) {
    const { rows } = await pool.query<{ key: string }>(`${DOOMED} order by created_at limit 200`, [store.location]);
    for (const { key } of rows) {
      if (signal.aborted) return removed;
      await removeArchive(pool, store, key);
      removed++;
    }
    if (rows.length === 0) return removed;
  }
}

async function removeArchive(pool: Pool, store: DirectoryStore, key: string): Promise<void> {
  await store.remove(key);
  await pool.query('delete from directory_archives where key = $1', [key]);
}
