import type { Logger } from 'pino';
import { createAuthenticator } from '../access/authenticate.ts';
import { bootstrapAccess } from '../access/bootstrap.ts';
import { keepKeyUsage } from '../access/key-usage.ts';
import { openEnv } from '../agents/env/open-env.ts';
import { CREDENTIAL_COLUMN } from '../agents/mcp/credentials.ts';
import { findMcpTarget } from '../agents/mcp/find-target.ts';
import { sandboxSecrets } from '../agents/mcp/sandbox-secrets.ts';
import { AuditLog } from '../audit/audit-log.ts';
import type { LoadedSettings } from '../config/load-settings.ts';
import { discardCells } from '../directories/cell-directory.ts';
import { clearStaging } from '../directories/confined/staging.ts';
import { ownerOf } from '../directories/directory-site.ts';
import { removeDirectory } from '../directories/session-directory.ts';
import { snapshotTaker } from '../directories/take-snapshot.ts';
import { GuardedClient } from '../egress/guarded-client.ts';
import { releaseSessionsOf } from '../fleet/claims/release-lost.ts';
import { Worker } from '../fleet/claims/worker.ts';
import { reportLoad } from '../fleet/nodes/node-load.ts';
import { registerNode } from '../fleet/nodes/register-node.ts';
import type { McpRelay } from '../gateway/mcp/mcp-relay.ts';
import { issueToken } from '../gateway/tokens.ts';
import { claudeHarness, type HarnessNode } from '../harness/claude-agent-sdk/claude-harness.ts';
import type { Api } from '../http/api.ts';
import { createApp } from '../http/create-app.ts';
import { createJobs } from '../jobs/create-jobs.ts';
import { startLimits } from '../limits/start-limits.ts';
import { migrate } from '../postgres/migrate.ts';
import { chooseIsolation } from '../sandboxes/isolation/choose-isolation.ts';
import { openLimits } from '../sandboxes/limits/open-limits.ts';
import { agentUids } from '../sandboxes/reaper/agent-uids.ts';
import { grownRange, ownedSandboxes } from '../sandboxes/reaper/owned-sandboxes.ts';
import { Reaper } from '../sandboxes/reaper/reaper.ts';
import { lifeMarker } from '../sandboxes/reaper/sandbox-marker.ts';
import { startLifeline } from '../sandboxes/reaper/start-lifeline.ts';
import { openKeyring } from '../secrets/open-keyring.ts';
import { expireAsks } from '../sessions/approvals/expire-asks.ts';
import { bindCell, reserveCell } from '../sessions/lifecycle/bind-cell.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { LiveSettings } from '../settings/live-settings.ts';
import { NodeHints } from '../streams/node-hints.ts';
import { StreamHub } from '../streams/stream-hub.ts';
import { activeAgents } from '../telemetry/active-agents.ts';
import { registerGauges } from '../telemetry/gauges.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { startMetricsListener } from '../telemetry/metrics-listener.ts';
import { openApprovals } from '../telemetry/open-approvals.ts';
import { Deliverer } from '../webhooks/delivery/deliverer.ts';
import { deliveryQueue } from '../webhooks/delivery/delivery-queue.ts';
import { webhookUpkeep } from '../webhooks/upkeep.ts';
import { WEBHOOK_SECRETS } from '../webhooks/webhook.ts';
import { announce } from './announce.ts';
import { closeHttp } from './close-http.ts';
import { Closers } from './closers.ts';
import { prepareDataDir, prepareTemporaryDir } from './data-dir.ts';
import { requireFreePort } from './free-port.ts';
import { nodeSecret } from './node-secret.ts';
import { openCare } from './open-care.ts';
import { openDatabase } from './open-database.ts';
import { openGateway } from './open-gateway.ts';
import { openIsolation } from './open-isolation.ts';
import { openLease } from './open-lease.ts';
import { nodeLoad, openMemory } from './open-memory.ts';
import { openWarmPool } from './open-warm-pool.ts';
import { startResealing } from './start-resealing.ts';
import { VERSION } from './version.ts';
import { workerBounds } from './worker-bounds.ts';

export interface ServerFacts {
  version: string;
  url: string;
  dataDir: string;
  database: string;
  adminKeyFile: string | null;
  newAdminKey: string | null;
  simulated: boolean;
  upstream: string;
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

/** Starts every role in this process. @throws StartupError with one line for the operator. */
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
  const { settings } = loaded;
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
  const node = await registerNode({
    pool,
    dataDir,
    target: database.target,
    capacity: settings.MAX_AGENTS,
    version: VERSION,
    patienceMs: (settings.LEASE_TTL * 1000) / 3,
  });
  closers.add('node', () => node.connection.close());
  const admin = await bootstrapAccess(pool, { dataDir, nodeId: node.id, apiKey: settings.API_KEY });
  const keyUsage = keepKeyUsage(pool, log);
  closers.add('key usage', () => keyUsage.close());
  const keyring = await openKeyring(pool, { dataDir, setting: settings.ENCRYPTION_KEY });
  await prepareTemporaryDir(dataDir);
  const isolation = chooseIsolation(settings, node.id, dataDir);
  const metrics = createMetrics();
  const knownUids = await agentUids(pool, isolation.uidBase);
  const uids = () => grownRange(knownUids);
  const lifeline = await startLifeline({
    marker: lifeMarker(node),
    uids,
    postgresPid: database.embeddedPid,
    log,
    onFrozen: metrics.nodeFrozen,
  });
  closers.add('lifeline', () => lifeline.close());
  const sandboxLimits = await openLimits({
    settings,
    nodeId: node.id,
    dataDir,
    ownUsers: isolation.uidBase !== null,
    log,
    count: ({ resource, outcome }) => metrics.sandboxLimited(resource, outcome),
  });
  closers.add('sandbox limits', () => sandboxLimits.close());
  // Whatever an earlier life of this node has left behind must be gone before its sessions go on.
  const everyMs = () => settings.REAPER_INTERVAL * 1000;
  const reaper = new Reaper({ nodeId: node.id, uids, everyMs, onReaped: metrics.processesReaped, log });
  const left = await reaper.reap();
  const released = await releaseSessionsOf(pool, [node.id]);
  if (left + released > 0)
    log.warn({ processes: left, sessions: released }, 'took over from an earlier life of this node');

  const jobs = createJobs({
    ...{ target: database.target, log },
    kinds: [...webhookUpkeep({ pool, settings, log })],
    queues: [deliveryQueue(settings)],
  });
  closers.add('jobs', () => jobs.close());
  const resealing = startResealing({ pool, keyring, log, columns: [...WEBHOOK_SECRETS, CREDENTIAL_COLUMN] });
  closers.add('resealing', () => resealing);
  const deliverer = new Deliverer({ pool, jobs, keyring, settings, nodeId: node.id, log });
  closers.add('webhooks', () => deliverer.close());
  await clearStaging(dataDir);
  await discardCells(dataDir);

  const tokenSecret = await nodeSecret(dataDir);
  const egress = new GuardedClient(() => ({
    allowPrivate: settings.MCP_ALLOW_PRIVATE,
    allowHttp: settings.MCP_ALLOW_HTTP,
  }));
  closers.add('MCP servers', () => egress.close());
  const mcp: McpRelay = { egress, find: (principal, server) => findMcpTarget(pool, keyring, principal, server) };
  const { gateway, providers } = await openGateway(settings, { pool, log, tokenSecret, mcp, closers });

  reaper.start();
  closers.add('reaper', () => reaper.close());
  const replaced = Promise.withResolvers<void>();
  const lease = await openLease({
    ...{ settings, node, pool, lifeline, uids, metrics, log },
    forsake: () => worker.forsake(),
    cutConnections: database.cutConnections,
    onReplaced: replaced.resolve,
  });
  closers.add('lease', () => lease.close());
  const ctx: SessionContext = {
    ...{ pool, streams: new StreamHub(), log, metrics, keyring },
    now: () => new Date(),
    frozen: () => lifeline.frozen || !lease.held,
  };
  const memory = openMemory(settings);
  const care = openCare({ settings, pool, metrics, log, frozen: ctx.frozen, hasMemory: memory.hasRoom });
  closers.add('health checks', () => care.health.close());
  const bounds = workerBounds(settings);
  const harnessNode: HarnessNode = {
    id: node.id,
    get incarnation() {
      return lease.incarnation;
    },
    mayAct: () => lease.whenHeld(),
    dataDir,
    limits: sandboxLimits,
    userOf: (number) => ownerOf(isolation, number),
    gatewayUrl: gateway.url,
    ...openIsolation({ isolation, settings, dataDir, pool, gateway, metrics }),
    issueToken: (session) => issueToken(tokenSecret, session),
    secretsOf: async (session) => ({
      env: (await openEnv(pool, keyring, session, session.definition)).env,
      mcp: await sandboxSecrets(pool, keyring, session, session.definition.mcp_servers),
    }),
    get mcpConnectMs() {
      return settings.MCP_CONNECT_TIMEOUT * 1000;
    },
    cells: { reserve: () => reserveCell(pool), bind: (owned, cell) => bindCell(pool, owned, cell) },
  };
  const { pool: warmPool, close: closeWarmPool } = openWarmPool({
    node: harnessNode,
    settings,
    live,
    ctx,
    owned: () => worker.owned,
    starts: care.starts,
    memory,
  });
  const worker: Worker = new Worker({
    ctx,
    care,
    nodeId: node.id,
    harness: claudeHarness(harnessNode, warmPool),
    leaseTtlMs: settings.LEASE_TTL * 1000,
    bounds,
    mayAct: () => lease.held,
    removeDirectory: (sessionId) => removeDirectory(dataDir, sessionId),
    takeSnapshot: snapshotTaker(dataDir, settings),
    memoryShort: () => memory.isShort(care.starts),
  });
  const enforcement = { isolation: isolation.level, limits: sandboxLimits.enforcement };
  const load = () =>
    nodeLoad(settings, { memory, starts: care.starts, worker, warm_pool: warmPool.state, enforcement });
  const loadReport = reportLoad({ pool, nodeId: node.id, everyMs: LOAD_REPORT_MS, load, log });
  closers.add('load report', () => loadReport.close());

  const access = createAuthenticator(pool, keyUsage.note);
  const hints = new NodeHints({
    pool,
    nodeId: node.id,
    streams: ctx.streams,
    onWake: (id) => void worker.wake(id),
    onKeysChanged: access.forget,
    log,
  });
  closers.add('hints', () => hints.close());
  const expiry = expireAsks(ctx, (id) => worker.wake(id) || hints.wake(id));
  closers.add('approvals', () => expiry.close());
  const limits = startLimits(pool, log, metrics);
  closers.add('limits', () => limits.close());
  const audit = new AuditLog(pool, log, metrics);
  closers.add('audit log', () => audit.close());

  let draining = false;
  const closing = new AbortController();
  const { registry } = metrics;
  registerGauges(registry, {
    version: VERSION,
    activeAgents: activeAgents(pool),
    openApprovals: openApprovals(pool),
    pool,
    ownedSessions: () => worker.owned,
    sandboxTotals: () => care.health.totals(),
    sandboxes: { owned: () => ownedSandboxes().length, observed: () => reaper.observed() },
    leaseHeld: () => lease.held,
    warmPool: () => warmPool.state,
    starts: () => ({ running: care.starts.running, waiting: care.starts.queue.waiting }),
    load,
  });
  const api: Api = {
    ctx,
    registry,
    settings,
    live,
    version: VERSION,
    simulated: providers.simulated,
    gateway,
    enforcement,
    restartDefaults: bounds,
    directories: { dataDir, nodeId: node.id, uidBase: isolation.uidBase },
    wake: (sessionId) => {
      if (!worker.wake(sessionId)) hints.wake(sessionId);
    },
    owned: () => worker.owned,
    warmPool: () => warmPool.state,
    owns: (sessionId) => worker.owns(sessionId),
    line: worker.line,
    load,
    access,
    keysChanged: () => {
      access.forget();
      hints.keysChanged();
    },
    limiter: limits.limiter,
    underWay: limits.underWay,
    audit,
    jobs,
    wakeWebhooks: () => deliverer.wake(),
    databaseAway: () => lease.databaseAway,
    isDraining: () => draining,
    closing: closing.signal,
  };
  if (settings.METRICS_PORT !== undefined) {
    const { METRICS_HOST: host, METRICS_PORT: port } = settings;
    const listener = await startMetricsListener(registry, { host, port, enabled: () => settings.METRICS_ENABLED });
    closers.add('metrics', () => listener.close());
  }
  const app = await createApp(api);
  closers.add('http', () => closeHttp(app, closing));
  closers.add('agents', () => worker.close());
  closers.add('warm pool', closeWarmPool);
  // Whoever is let in finds every session that was left behind in somebody's hands.
  await worker.firstLook;
  const url = await app.listen({ host: settings.HOST, port: settings.PORT });
  await announce(dataDir, url, closers);
  jobs.start();
  warmPool.start();

  return {
    facts: {
      version: VERSION,
      url,
      dataDir,
      database: database.description,
      adminKeyFile: admin.file,
      newAdminKey: admin.fresh ? admin.key : null,
      simulated: providers.simulated,
      upstream: providers.description,
      warnings: [
        ...providers.warnings,
        ...(sandboxLimits.weakness ? [limitsWarning(sandboxLimits.weakness)] : []),
        ...isolation.warnings,
        ...(admin.warning ? [admin.warning] : []),
        ...(settings.REQUIRE_API_KEY ? [] : ['REQUIRE_API_KEY is false: everybody who reaches this address is let in']),
      ],
    },
    close: () => {
      // Whoever asks from now on is told, before anything is closed.
      draining = true;
      return closers.closeAll();
    },
    abandon: () => lifeline.abandon(ABANDON_WITHIN_MS),
    replaced: replaced.promise,
  };
}

/** Of what is ended for a server that does not wait. */
const ABANDON_WITHIN_MS = 15_000;

function limitsWarning(weakness: string): string {
  return `limits of agents are watched, not held by the kernel: ${weakness}; see docs/resource-limits.md`;
}
