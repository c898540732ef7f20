import { type Role, rolesOf } from '@aaas/contract/roles';
import type { Settings } from '@aaas/contract/settings';
import type { Logger } from 'pino';
import type { LoadedSettings } from '../config/load-settings.ts';
import { fleetSecret } from '../fleet/nodes/fleet-secret.ts';
import { KnownNodes } from '../fleet/nodes/known-nodes.ts';
import { OwnBeats } from '../fleet/nodes/own-beats.ts';
import { type RegisteredNode, registerNode } from '../fleet/nodes/register-node.ts';
import { endLife } from '../fleet/nodes/renew-lease.ts';
import type { FleetAccess } from '../http/api.ts';
import { migrate } from '../postgres/migrate.ts';
import { openRedis } from '../redis/open-redis.ts';
import type { SharedRedis } from '../redis/shared-redis.ts';
import type { Keyring } from '../secrets/keyring.ts';
import { openKeyring } from '../secrets/open-keyring.ts';
import { LiveSettings } from '../settings/live-settings.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { Closers } from './closers.ts';
import { prepareDataDir, prepareTemporaryDir } from './data-dir.ts';
import { requireFreePort } from './free-port.ts';
import { openScaling, type Scaling } from './open-autoscaler.ts';
import { type Database, openDatabase } from './open-database.ts';
import { standingOf } from './open-placement.ts';
import { requireRolesAllowed } from './roles-allowed.ts';
import { VERSION } from './version.ts';

/** What every node has, whatever its roles. */
export interface Node {
  settings: Settings;
  live: LiveSettings;
  roles: readonly Role[];
  dataDir: string;
  database: Database;
  registered: RegisteredNode;
  /** When its heartbeats counted. */
  beats: OwnBeats;
  keyring: Keyring;
  /** Of the fleet: signs tokens of agents, and what nodes say to each other. */
  secret: Buffer;
  /** Null: on the embedded database there are no others. */
  fleet: FleetAccess | null;
  /** Null: there is no REDIS_URL. */
  redis: SharedRedis | null;
  metrics: ReturnType<typeof createMetrics>;
  scaling: Scaling;
  log: Logger;
  closers: Closers;
}

/** Opens the database and puts this node into the fleet. @throws StartupError with one line for the operator. */
export async function openNode(loaded: LoadedSettings, log: Logger, closers: Closers): Promise<Node> {
  const { settings } = loaded;
  const roles = rolesOf(settings.ROLES) as Role[];
  requireRolesAllowed(roles, settings);
  const dataDir = await prepareDataDir(settings.DATA_DIR);
  await requireFreePort(settings.HOST, settings.PORT);
  const database = await openDatabase(settings, dataDir, log, closers);
  const { pool } = database;
  await migrate(pool);
  const live = await LiveSettings.open(loaded, pool, log);
  closers.add('settings', () => live.close());
  live.onChange((changed) => {
    if (changed.includes('LOG_LEVEL')) log.level = settings.LOG_LEVEL;
  });
  const registered = await registerNode({
    pool,
    dataDir,
    roles,
    target: database.target,
    capacity: roles.includes('worker') ? settings.MAX_AGENTS : 0,
    version: VERSION,
    ...standingOf(settings),
    patienceMs: (settings.LEASE_TTL * 1000) / 3,
  });
  const beats = new OwnBeats(settings.LEASE_TTL * 1000);
  closers.add('node', async () => {
    const { connection } = registered;
    // The lease has closed it. Without one the start has failed: others need not wait for this life.
    if (connection.closed) return;
    await endLife(connection, registered).catch(() => {});
    await connection.close();
  });
  const keyring = await openKeyring(pool, { dataDir, setting: settings.ENCRYPTION_KEY });
  const secret = await fleetSecret(pool, keyring);
  await prepareTemporaryDir(dataDir);
  const metrics = createMetrics();
  const redis = await openRedis(settings, { secret, nodeId: registered.id, log, metrics });
  closers.add('redis', async () => redis?.close());
  return {
    ...{ settings, live, roles, dataDir, database, registered, beats, keyring, secret, redis, metrics, log, closers },
    fleet: database.embeddedPid === null ? openFleet() : null,
    scaling: openScaling(settings),
  };

  function openFleet(): FleetAccess {
    const nodes = new KnownNodes({
      ...{ pool, nodeId: registered.id, log },
      get goneAfterMs() {
        return beats.goneAfterMs;
      },
    });
    closers.add('other nodes', () => nodes.close());
    return { nodes, secret };
  }
}
