import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@aaas/contract/ids';
import type { Pool, PoolClient } from 'pg';
import type { Logger } from 'pino';
import { StartupError } from '../../start/startup-error.ts';

export interface Node {
  id: string;
  /** How often it has started: tells its lives apart. */
  incarnation: number;
  /** Ends the heartbeat and says in the row that the node has left. */
  close(): Promise<void>;
}

// A node that was killed a moment ago holds its lock until the database notices.
const LOCK_WAIT_MS = 3_000;
const LOCK_POLL_MS = 50;

const HEARTBEAT = 'update nodes set heartbeat_at = now(), capacity = $2 where id = $1';

/**
 * Puts this node into the fleet under the id that its data directory keeps, and its heartbeat after it. The id is
 * locked for as long as the process lives: two servers on one directory would take each other's sessions.
 */
export async function registerNode(options: {
  pool: Pool;
  dataDir: string;
  /** Live sandboxes at most, at the moment of asking. */
  capacity(): number;
  version: string;
  leaseTtlMs: number;
  log: Logger;
}): Promise<Node> {
  const { pool, log } = options;
  const id = await nodeId(options.dataDir);
  const lock = await lockNode(pool, id, options.dataDir);
  const registered = await pool.query<{ incarnation: number }>(
    `insert into nodes (id, roles, version, capacity, pid) values ($1, $2, $3, $4, $5)
     on conflict (id) do update set incarnation = nodes.incarnation + 1, roles = excluded.roles,
       version = excluded.version, capacity = excluded.capacity, pid = excluded.pid,
       started_at = now(), heartbeat_at = now(), stopped_at = null
     returning incarnation`,
    [id, ['api', 'worker', 'gateway'], options.version, options.capacity(), process.pid],
  );
  const beat = setInterval(() => {
    pool
      .query({ name: 'node.heartbeat', text: HEARTBEAT, values: [id, options.capacity()] })
      .catch((error) => log.error({ err: error }, 'failed to send heartbeat'));
  }, options.leaseTtlMs / 3);
  return {
    id,
    incarnation: registered.rows[0]?.incarnation ?? 1,
    close: async () => {
      clearInterval(beat);
      await pool.query('update nodes set stopped_at = now() where id = $1', [id]).catch(() => {});
      lock.release(true);
    },
  };
}

async function nodeId(dataDir: string): Promise<string> {
  const path = join(dataDir, 'node.id');
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known.trim() !== '') return known.trim();
  const id = newId('node');
  await writeFile(path, `${id}\n`, { mode: 0o600 });
  return id;
}

async function lockNode(pool: Pool, id: string, dataDir: string): Promise<PoolClient> {
  const client = await pool.connect();
  // The lock goes with the connection, whenever that ends; the next query on the pool will find out.
  client.on('error', () => {});
  for (const deadline = Date.now() + LOCK_WAIT_MS; ; await sleep(LOCK_POLL_MS)) {
    const result = await client.query<{ locked: boolean }>(
      `select pg_try_advisory_lock(hashtextextended('aaas node ' || $1, 0)) as locked`,
      [id],
    );
    if (result.rows[0]?.locked) return client;
    if (Date.now() > deadline) {
      client.release(true);
      throw new StartupError(
        `Another AaaS server already runs with the data directory ${dataDir}. Stop it, or give this one a DATA_DIR of its own.`,
      );
    }
  }
}
