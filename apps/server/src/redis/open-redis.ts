import type { Settings } from '@aaas/contract/settings';
import type { Logger } from 'pino';
import type { Metrics } from '../telemetry/metrics.ts';
import { SharedRedis } from './shared-redis.ts';
import { Signer } from './signer.ts';

const PREFIX_CHARS = 12;

/** The Redis of REDIS_URL; null without one. It may be away: that is known after a second at most. */
export async function openRedis(
  settings: Settings,
  options: { secret: Buffer; nodeId: string; log: Logger; metrics: Metrics },
): Promise<SharedRedis | null> {
  const { secret, nodeId, log, metrics } = options;
  if (!settings.REDIS_URL) return null;
  // Channels are shared by all databases of one Redis, so all names say whose they are.
  const prefix = `aaas:${new Signer(secret).sign('', 'prefix').slice(0, PREFIX_CHARS)}:`;
  const redis = await SharedRedis.open({ url: settings.REDIS_URL, prefix, nodeId, log, metrics });
  metrics.watchRedis(() => redis.healthy);
  return redis;
}
