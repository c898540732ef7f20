import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '@aaas/contract/ids';
import type { Pool } from 'pg';
import { hashApiKey, hintOf, newApiKey } from './api-key.ts';

export interface AdminKey {
  key: string;
  workspaceId: string;
  /** Where it lies; null when it came from the API_KEY setting. */
  file: string | null;
  /** It was made just now. */
  fresh: boolean;
}

/** The workspace that every platform begins with, and the key that opens it. */
export async function bootstrapAccess(
  pool: Pool,
  options: { dataDir: string; apiKey: string | undefined },
): Promise<AdminKey> {
  const file = join(options.dataDir, 'admin.key');
  const fresh = options.apiKey === undefined && !existsSync(file);
  if (fresh) await writeFile(file, `${newApiKey()}\n`, { mode: 0o600, flag: 'wx' });
  const key = options.apiKey ?? (await readFile(file, 'utf8')).trim();
  const workspaceId = await ensureWorkspace(pool);
  await pool.query(
    `insert into api_keys (id, workspace_id, name, hash, hint, scopes) values ($1, $2, 'admin', $3, $4, '{*}')
     on conflict (hash) do nothing`,
    [newId('apikey'), workspaceId, hashApiKey(key), hintOf(key)],
  );
  return { key, workspaceId, file: options.apiKey === undefined ? file : null, fresh };
}

async function ensureWorkspace(pool: Pool): Promise<string> {
  // Two nodes that start on an empty database must agree on one.
  await pool.query(
    `insert into workspaces (id, name) values ('wrkspc_default', 'default') on conflict (id) do nothing`,
  );
  return 'wrkspc_default';
}
