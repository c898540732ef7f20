import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '@aaas/contract/ids';
import type { Pool } from 'pg';
import { transaction } from '../postgres/transaction.ts';
import { hashApiKey, hintOf, newApiKey } from './api-key.ts';
import { DEFAULT_WORKSPACE } from './default-workspace.ts';

export interface AdminKey {
  key: string;
  workspaceId: string;
  /** Where it lies; null when it came from the API_KEY setting. */
  file: string | null;
  /** It was made just now. */
  fresh: boolean;
  /** What the operator should know; null: nothing. */
  warning: string | null;
}

/** Where a first key comes from: the API_KEY setting, or the file in the data directory. */
type Source = 'setting' | 'file';

/**
 * The workspace that every platform begins with, and the key that opens it. The key of an earlier start that is no
 * longer the one given is revoked. One that was revoked or has expired stays so: a file is then replaced by a new one.
 */
export async function bootstrapAccess(
  pool: Pool,
  options: { dataDir: string; nodeId: string; apiKey: string | undefined },
): Promise<AdminKey> {
  const workspaceId = await ensureWorkspace(pool);
  if (options.apiKey !== undefined) {
    const valid = await admit(pool, 'setting', options.nodeId, options.apiKey);
    const warning = valid
      ? null
      : 'API_KEY holds a key that is not good: it was revoked, has expired, or is a lesser one; set another';
    return { key: options.apiKey, workspaceId, file: null, fresh: false, warning };
  }
  const file = join(options.dataDir, 'admin.key');
  if (existsSync(file)) {
    const key = (await readFile(file, 'utf8')).trim();
    if (key !== '' && (await admit(pool, 'file', options.nodeId, key))) {
      return { key, workspaceId, file, fresh: false, warning: null };
    }
  }
  const key = newApiKey();
  await writeKey(file, key);
  await admit(pool, 'file', options.nodeId, key);
  return { key, workspaceId, file, fresh: true, warning: null };
}

/** Makes the key good and ends those that it takes the place of. @returns false when somebody has ended it on purpose. */
async function admit(pool: Pool, source: Source, nodeId: string, key: string): Promise<boolean> {
  const hash = hashApiKey(key);
  return transaction(pool, async (db) => {
    // Nodes that start together take turns.
    await db.query('select 1 from workspaces where id = $1 for no key update', [DEFAULT_WORKSPACE]);
    await db.query(
      `insert into api_keys (id, workspace_id, name, hash, hint, scopes, bootstrap, bootstrap_node)
       values ($1, $2, 'admin', $3, $4, '{*}', $5, $6)
       on conflict (hash) do update set bootstrap = excluded.bootstrap, bootstrap_node = excluded.bootstrap_node,
         revoked_at = case when api_keys.revoked_by = 'bootstrap' then null else api_keys.revoked_at end,
         revoked_by = nullif(api_keys.revoked_by, 'bootstrap')
       where api_keys.bootstrap is not null`,
      [newId('apikey'), DEFAULT_WORKSPACE, hash, hintOf(key), source, nodeId],
    );
    // The setting is the same on every node; a file is a node's own.
    await db.query(
      `update api_keys set revoked_at = now(), revoked_by = 'bootstrap'
        where bootstrap is not null and hash <> $1 and revoked_at is null
          and (coalesce(bootstrap_node, $2) = $2 or ($3 = 'setting' and bootstrap = 'setting'))`,
      [hash, nodeId, source],
    );
    const valid = await db.query(
      `select 1 from api_keys where hash = $1 and workspace_id = $2 and '*' = any (scopes) and revoked_at is null
          and (expires_at is null or expires_at > now())`,
      [hash, DEFAULT_WORKSPACE],
    );
    return valid.rowCount === 1;
  });
}

/** In one step: a key that is half written locks everybody out. */
async function writeKey(file: string, key: string): Promise<void> {
  const part = `${file}.new`;
  await writeFile(part, `${key}\n`, { mode: 0o600 });
  await rename(part, file);
}

async function ensureWorkspace(pool: Pool): Promise<string> {
  // Two nodes that start on an empty database must agree on one.
  await pool.query(`insert into workspaces (id, name) values ($1, 'default') on conflict (id) do nothing`, [
    DEFAULT_WORKSPACE,
  ]);
  return DEFAULT_WORKSPACE;
}
