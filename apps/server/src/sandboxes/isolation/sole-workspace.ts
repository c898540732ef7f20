import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { StartRefused } from '../start-refused.ts';

const FILE = 'workspace.id';

/**
 * Where nothing keeps agents apart, only one workspace may have any: the first that starts one, for as long as the data
 * directory lives. Its test side counts as the same.
 * @throws StartRefused for the agents of another.
 */
export async function requireSoleWorkspace(pool: Pool, dataDir: string, workspaceId: string): Promise<void> {
  const { rows } = await pool.query<{ owner: string }>({
    name: 'isolation.owner-of-workspace',
    text: 'select coalesce(test_of, id) as owner from workspaces where id = $1',
    values: [workspaceId],
  });
  const owner = rows[0]?.owner ?? workspaceId;
  const path = join(dataDir, FILE);
  await writeFile(path, `${owner}\n`, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if ((await readFile(path, 'utf8')).trim() === owner) return;
  throw new StartRefused(
    'this node cannot keep agents apart (isolation: process) and serves another workspace; run it as root or with bubblewrap, see docs/isolation.md',
  );
}
