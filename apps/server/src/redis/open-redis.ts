import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Metrics } from '../telemetry/metrics.ts';
import { SharedRedis } from './shared-redis.ts';

/** The Redis of REDIS_URL; null without one. It may be away: that is known after a second at most. */
export async function openRedis(
  settings: Settings,
  options: { pool: Pool; nodeId: string; log: Logger; metrics: Metrics },
): Promise<SharedRedis | null> {
  const { pool, nodeId, log, metrics } = options;
  if (!settings.REDIS_URL) return null;
  const { rows } = await pool.query<{ id: string }>('select id from platform_identity');
  // Channels are shared by all databases of one Redis, so the name of the platform stands in all names.
  const prefix = `aaas:${rows[0]?.id}:`;
  const redis = await SharedRedis.open({ url: settings.REDIS_URL, prefix, nodeId, log, metrics });
  metrics.watchRedis(() => redis.healthy);
  return redis;
}
