import type { Pool, PoolClient } from 'pg';

/**
 * Ends, when it is called, every connection that the pool has. After an outage what still waits on one of them may wait
 * for an answer that was lost with the old server: it fails now, and is tried again on a new connection.
 */
export function connectionCutter(pool: Pool): () => void {
  const open = new Set<PoolClient>();
  pool.on('connect', (client) => open.add(client));
  pool.on('remove', (client) => open.delete(client));
  return () => {
    for (const client of open) {
      (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    }
  };
}
