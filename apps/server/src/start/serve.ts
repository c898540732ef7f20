import type { NodeLoad } from '@aaas/contract/fleet';
import type { Role } from '@aaas/contract/roles';
import type { Logger } from 'pino';
import { type AdminKey, bootstrapAccess } from '../access/bootstrap.ts';
import type { LoadedSettings } from '../config/load-settings.ts';
import { reportLoad } from '../fleet/nodes/node-load.ts';
import type { Front } from '../gateway/front.ts';
import { fleetGateways } from '../gateway/relay/gateways.ts';
import { startRelay } from '../gateway/relay/relay-to-gateways.ts';
import { createApp } from '../http/create-app.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { StreamHub } from '../streams/stream-hub.ts';
import { activeAgents } from '../telemetry/active-agents.ts';
import { registerGauges } from '../telemetry/gauges.ts';
import { startMetricsListener } from '../telemetry/metrics-listener.ts';
import { openApprovals } from '../telemetry/open-approvals.ts';
import { announce } from './announce.ts';
import { closeHttp } from './close-http.ts';
import { Closers } from './closers.ts';
import { openApi } from './open-api.ts';
import { openAutoscaler } from './open-autoscaler.ts';
import { openCustody } from './open-custody.ts';
import { openGateway, type Providers } from './open-gateway.ts';
import { openInternal } from './open-internal.ts';
import { openLease } from './open-lease.ts';
import { idleLoad } from './open-memory.ts';
import { type Node, openNode } from './open-node.ts';
import { type OpenWorker, openWorker } from './open-worker.ts';
import { VERSION } from './version.ts';

export interface ServerFacts {
  version: string;
  roles: readonly Role[];
  url: string;
  dataDir: string;
  database: string;
  /** Null: this node has none to show, or it came from API_KEY. */
  adminKeyFile: string | null;
  newAdminKey: string | null;
  /** Null: the gateways are other nodes. */
  providers: Providers | null;
  warnings: string[];
}

export interface Server {
  facts: ServerFacts;
  /** Drains and ends everything; resolves when no process is left. */
  close(): Promise<void>;
  /** Ends every process of the agents and the embedded database at once, and blocks until none is left: exit then. */
  abandon(): void;
  /** Resolves when another server has taken this one's place: it must end. */
  replaced: Promise<void>;
}

const LOAD_REPORT_MS = 2_000;
/** Of what is ended for a server that does not wait. */
const ABANDON_WITHIN_MS = 15_000;

/** Starts the roles of this node in this process. @throws StartupError with one line for the operator. */
export async function serve(loaded: LoadedSettings, log: Logger): Promise<Server> {
  const closers = new Closers();
  try {
    return await start(loaded, log, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function start(loaded: LoadedSettings, log: Logger, closers: Closers): Promise<Server> {
  const node = await openNode(loaded, log, closers);
  const { settings, roles, dataDir, database, registered, keyring, fleet, metrics, scaling } = node;
  const { pool } = database;
  const admin = roles.includes('api')
    ? await bootstrapAccess(pool, { dataDir, nodeId: registered.id, apiKey: settings.API_KEY })
    : null;
  const custody = roles.includes('worker') ? await openCustody(node) : null;
  const provided = roles.includes('gateway') ? await openGateway(node) : null;
  const gateway = provided?.gateway ?? null;

  const replaced = Promise.withResolvers<void>();
  let worker: OpenWorker | null = null;
  const lease = await openLease(node, {
    custody,
    forsake: async () => worker?.worker.forsake(),
    onReplaced: replaced.resolve,
  });
  const ctx: SessionContext = {
    ...{ pool, streams: new StreamHub(), log, metrics: scaling.demand.heardFrom(metrics), keyring },
    now: () => new Date(),
    region: settings.REGION ?? null,
    frozen: () => custody?.lifeline.frozen || !lease.held,
  };
  if (custody) worker = openWorker(node, { custody, lease, ctx, front: gateway ?? (await openRelay(node)) });
  const load = (): NodeLoad => ({
    ...(worker?.load() ?? idleLoad(settings)),
    ...(gateway && provided ? { gateway: { simulated: provided.providers.simulated, upstreams: states() } } : {}),
  });
  const states = () => (gateway?.upstreams() ?? []).map(({ name, state }) => ({ name, state }));
  const loadReport = reportLoad({ pool, nodeId: registered.id, everyMs: LOAD_REPORT_MS, load, log });
  closers.add('load report', () => loadReport.close());
  openAutoscaler(node, { ctx, worker: worker?.scaled ?? null });

  let draining = false;
  const closing = new AbortController();
  const api = openApi(node, {
    ...{ ctx, lease, worker, gateway, load },
    simulated: () => provided?.providers.simulated ?? (fleet?.nodes.withRole('gateway') ?? []).every(isSimulated),
    isDraining: () => draining,
    closing: closing.signal,
  });
  registerGauges(metrics.registry, {
    version: VERSION,
    activeAgents: activeAgents(pool),
    openApprovals: openApprovals(pool),
    pool,
    leaseHeld: () => lease.held,
    worker: worker && { ...worker.sources, owned: api.owned, warmPool: worker.warmPool, load },
  });
  if (settings.METRICS_PORT !== undefined) {
    const { METRICS_HOST: host, METRICS_PORT: port } = settings;
    const enabled = () => settings.METRICS_ENABLED;
    const listener = await startMetricsListener(metrics.registry, { host, port, enabled });
    closers.add('metrics', () => listener.close());
  }
  const internal = await openInternal(node, api, gateway);
  const app = await createApp(api);
  closers.add('http', () => closeHttp(app, closing));
  if (worker) {
    closers.add('agents', worker.worker.close.bind(worker.worker));
    closers.add('warm pool', worker.closeWarmPool);
    // Whoever is let in finds every session that was left behind in somebody's hands.
    await worker.worker.firstLook;
  }
  const url = await app.listen({ host: settings.HOST, port: settings.PORT });
  await announce(dataDir, url, closers);
  // Its kinds are those of nodes that serve the API; on another it would hold connections for nothing.
  if (roles.includes('api')) api.jobs.start();
  worker?.startWarmPool();

  return {
    facts: {
      version: VERSION,
      roles,
      url,
      dataDir,
      database: database.description,
      adminKeyFile: admin?.file ?? null,
      newAdminKey: admin?.fresh ? admin.key : null,
      providers: provided?.providers ?? null,
      warnings: [
        ...(provided?.providers.warnings ?? []),
        ...(custody?.limits.weakness ? [limitsWarning(custody.limits.weakness)] : []),
        ...(custody?.isolation.warnings ?? []),
        ...(node.redis?.healthy === false ? [redisWarning(node.redis.why)] : []),
        ...warningsOf(admin, settings.REQUIRE_API_KEY),
      ],
    },
    close: async () => {
      // Whoever asks from now on is told, before anything is closed.
      draining = true;
      await internal.leave();
      await closers.closeAll();
    },
    abandon: () => custody?.lifeline.abandon(ABANDON_WITHIN_MS),
    replaced: replaced.promise,
  };
}

/** The way to the gateways of the fleet, for agents of a node that is none. */
async function openRelay({ settings, fleet, registered, secret, log, closers }: Node): Promise<Front> {
  if (!fleet) throw new Error('a node without a gateway is alone');
  const gateways = fleetGateways({
    nodes: fleet.nodes,
    nodeId: registered.id,
    region: settings.REGION ?? null,
    secret,
  });
  const relay = await startRelay({ log, tokenSecret: secret, gateways });
  closers.add('way to the gateways', async () => {
    await relay.close();
    gateways.close();
  });
  return relay;
}

function isSimulated({ load }: { load: NodeLoad | null }): boolean {
  return load?.gateway?.simulated ?? false;
}

function warningsOf(admin: AdminKey | null, requireKey: boolean): string[] {
  return [
    ...(admin?.warning ? [admin.warning] : []),
    ...(requireKey ? [] : ['REQUIRE_API_KEY is false: everybody who reaches this address is let in']),
  ];
}

function redisWarning(why: string): string {
  return `Redis does not answer (${why}): limits and streams do without until it does; see docs/redis.md`;
}

function limitsWarning(weakness: string): string {
  return `limits of agents are watched, not held by the kernel: ${weakness}; see docs/resource-limits.md`;
}
