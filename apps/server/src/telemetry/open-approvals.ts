import type { Pool } from 'pg';

// However many scrape, and however often.
const FRESH_MS = 5_000;
const PATIENCE_MS = 2_000;

/** Counts the open approvals of all workspaces at most once in five seconds; null: the database did not say in time. */
export function openApprovals(pool: Pool): () => Promise<number | null> {
  let counted: Promise<number | null> | null = null;
  let staleAt = 0;
  return async () => {
    const now = performance.now();
    if (counted === null || now >= staleAt) {
      staleAt = now + FRESH_MS;
      counted = count(pool).catch(() => {
        staleAt = 0;
        return null;
      });
    }
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(late.resolve, PATIENCE_MS, null);
    return Promise.race([counted, late.promise]).finally(() => clearTimeout(timer));
  };
}

async function count(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>({
    name: 'metrics.open-approvals',
    text: `select count(*)::int as count from approvals where state = 'open'`,
  });
  return rows[0]?.count ?? 0;
}
