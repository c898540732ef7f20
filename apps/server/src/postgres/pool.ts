import pg from 'pg';
import type { Logger } from 'pino';
pg.types.setTypeParser(20, Number);
export function createPool(c: pg.PoolConfig, o: { max: number; log: Logger }): pg.Pool {
  const pool = new pg.Pool({ ...c, max: o.max, application_name: 'aaas' });
  pool.on('error', (err) => o.log.warn({ err }, 'database connection lost'));
  return pool;
}
