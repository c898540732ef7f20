import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '@aaas/contract/ids';
import type { NodeLabels } from '@aaas/contract/placement';
import type { Role } from '@aaas/contract/roles';
import type { Pool } from 'pg';
import type { PoolTarget } from '../../postgres/pool.ts';
import { StartupError } from '../../start/startup-error.ts';
import { holdDirectories } from './hold-directories.ts';
import { LeaseConnection } from './lease-connection.ts';

export interface RegisteredNode {
  id: string;
  /** How often it has begun to live: tells its lives apart. */
  incarnation: number;
  /** Holds the lock on its id. */
  connection: LeaseConnection;
}

/**
 * Puts this node into the fleet under the id that its data directory keeps. The id is locked for as long as the process
 * lives: two servers on one directory would take each other's sessions.
 */
export async function registerNode(options: {
  pool: Pool;
  target: PoolTarget;
  dataDir: string;
  roles: readonly Role[];
  /** Live sandboxes at most. */
  capacity: number;
  version: string;
  region: string | null;
  labels: NodeLabels;
  /** What lies on its disk of directories is nowhere else. */
  keepsDirectories: boolean;
  /** How long the database gets to answer a heartbeat. */
  patienceMs: number;
}): Promise<RegisteredNode> {
  const { pool, dataDir, roles, keepsDirectories } = options;
  const id = await nodeId(dataDir);
  const connection = new LeaseConnection(options.target, id, options.patienceMs);
  if (!(await connection.lock())) {
    await connection.close();
    throw new StartupError(
      `Another AaaS server already runs with the data directory ${dataDir}. Stop it, or give this one a DATA_DIR of its own.`,
    );
  }
  const before = await pool.query<{ kept: boolean }>('select keeps_directories as kept from nodes where id = $1', [id]);
  const kept = before.rows[0]?.kept ?? keepsDirectories;
  const registered = await pool.query<{ incarnation: number }>(
    // Whoever has stopped a drained node in order and starts it again wants it to work; a crash says nothing of the kind.
    `insert into nodes (id, roles, version, capacity, pid, region, labels, keeps_directories)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (id) do update set incarnation = nodes.incarnation + 1, roles = excluded.roles,
       version = excluded.version, capacity = excluded.capacity, pid = excluded.pid,
       region = excluded.region, labels = excluded.labels,
       keeps_directories = excluded.keeps_directories, drained_at = null,
       draining_since = case when nodes.stopped_at is null then nodes.draining_since end,
       started_at = now(), heartbeat_at = now(), stopped_at = null, lost_at = null, address = null
     returning incarnation`,
    [id, roles, options.version, options.capacity, process.pid, options.region, options.labels, keepsDirectories],
  );
  if (kept !== keepsDirectories) await holdDirectories(pool, id);
  return { id, incarnation: registered.rows[0]?.incarnation ?? 1, connection };
}

/** Tells the other nodes where this one listens for them; null: no longer. */
export async function publishAddress(pool: Pool, nodeId: string, address: string | null): Promise<void> {
  await pool.query('update nodes set address = $2 where id = $1', [nodeId, address]);
}

async function nodeId(dataDir: string): Promise<string> {
  const path = join(dataDir, 'node.id');
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known.trim() !== '') return known.trim();
  const id = newId('node');
  await writeFile(path, `${id}\n`, { mode: 0o600 });
  return id;
}
