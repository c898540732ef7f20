import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';

/** The database of a platform, as its operator reaches it. */
export interface Rows {
  // biome-ignore lint/suspicious/noExplicitAny: tests read rows of every shape
  query(text: string, values?: unknown[]): Promise<any[]>;
  /** A key with these scopes, in the default workspace or in one of its own. */
  newKey(scopes?: string[], workspace?: string): Promise<{ key: string; id: string }>;
  /** Holds a table until the returned function is called. */
  hold(table: string): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export async function openRows(url: string): Promise<Rows> {
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  return {
    query: async (text, values) => (await pool.query(text, values)).rows,
    newKey: async (scopes = ['*'], workspace = 'wrkspc_default') => {
      const key = `aaas_${randomBytes(24).toString('hex')}`;
      const id = `apikey_${randomBytes(8).toString('hex')}`;
      await pool.query('insert into workspaces (id, name) values ($1, $1) on conflict (id) do nothing', [workspace]);
      await pool.query(
        `insert into api_keys (id, workspace_id, name, hash, hint, scopes) values ($1, $2, 'test', $3, $4, $5)`,
        [id, workspace, createHash('sha256').update(key).digest(), key.slice(0, 9), scopes],
      );
      return { key, id };
    },
    hold: async (table) => {
      const client = await pool.connect();
      await client.query('begin');
      await client.query(`lock table ${table} in access exclusive mode`);
      return async () => {
        await client.query('rollback');
        client.release();
      };
    },
    close: () => pool.end(),
  };
}
