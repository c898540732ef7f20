// However many scrape, and however often.
const FRESH_MS = 5_000;
const PATIENCE_MS = 2_000;

/**
 * Counts at most once in five seconds, and waits at most two: a scrape must not hang on the database. Null: there was no
 * answer in time.
 */
export function countFreshly<T>(count: () => Promise<T>): () => Promise<T | null> {
  let counted: Promise<T | null> | null = null;
  let staleAt = 0;
  return async () => {
    const now = performance.now();
    if (counted === null || now >= staleAt) {
      staleAt = now + FRESH_MS;
      counted = count().catch(() => {
        staleAt = 0;
        return null;
      });
    }
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(late.resolve, PATIENCE_MS, null);
    return Promise.race([counted, late.promise]).finally(() => clearTimeout(timer));
  };
}
