import type { Pool } from 'pg';
import type { Logger } from 'pino';

const FLUSH_MS = 5_000;
/** A key's row is written at most this often. */
const WRITE_EVERY_MS = 60_000;

const WRITE = {
  name: 'access.note-use',
  // Always in one order, so that two nodes cannot wait for each other.
  text: `with used as (
           select k.id, u.at from unnest($1::text[], $2::timestamptz[]) as u (id, at)
             join api_keys k on k.id = u.id order by k.id for update of k)
         update api_keys k set last_used_at = greatest(k.last_used_at, used.at) from used where k.id = used.id`,
};

export interface KeyUsage {
  note(keyId: string): void;
  /** Writes what is due; a timer does it every five seconds. */
  flush(): Promise<void>;
  /** Writes what is not written yet, and ends. */
  close(): Promise<void>;
}

/** Keeps `last_used_at` of keys, in batches: a request costs no write. */
export function keepKeyUsage(pool: Pool, log: Logger, now: () => number = Date.now): KeyUsage {
  const keys = new Map<string, { used: number; written: number }>();
  let writing: Promise<void> = Promise.resolve();

  async function write(minAgeMs: number): Promise<void> {
    const due = [...keys].filter(([, key]) => key.used > key.written && now() - key.written >= minAgeMs);
    for (const [id, key] of keys) {
      if (key.used <= key.written && now() - key.written >= WRITE_EVERY_MS) keys.delete(id);
    }
    if (due.length === 0) return;
    const batch = due.map(([id, key]) => ({ id, key, used: key.used }));
    try {
      await pool.query({
        ...WRITE,
        values: [batch.map(({ id }) => id), batch.map(({ used }) => new Date(used))],
      });
      for (const { key, used } of batch) key.written = used;
    } catch (error) {
      log.warn({ err: error, keys: batch.length }, 'failed to note when keys were used; it is tried again');
    }
  }

  const flush = () => {
    writing = writing.then(() => write(WRITE_EVERY_MS));
    return writing;
  };
  const timer = setInterval(flush, FLUSH_MS).unref();

  return {
    note(keyId) {
      const key = keys.get(keyId);
      if (key) key.used = now();
      else keys.set(keyId, { used: now(), written: 0 });
    },
    flush,
    async close() {
      clearInterval(timer);
      await writing;
      await write(0);
    },
  };
}
