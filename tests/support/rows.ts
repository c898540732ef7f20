import { createPool } from '../../apps/server/src/postgres/pool.ts';
import type { Platform } from './platform.ts';

/** The database of a platform, as its operator reaches it. */
export interface Rows {
  // biome-ignore lint/suspicious/noExplicitAny: tests read rows of every shape
  query(text: string, values?: unknown[]): Promise<any[]>;
  /** Holds a table until the returned function is called. */
  hold(table: string): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export function openRows(platform: Platform): Rows {
  const pool = createPool(platform.database, { max: 3, log: { warn: () => {} } });
  return {
    query: async (text, values) => (await pool.query(text, values)).rows,
    hold: async (table) => {
      const client = await pool.connect();
      await client.query(`begin; lock table ${table} in access exclusive mode`);
      return async () => {
        await client.query('rollback');
        client.release();
      };
    },
    close: () => pool.end(),
  };
}
