import type { NodeLoad } from '@aaas/contract/fleet';
import { createAuthenticator } from '../access/authenticate.ts';
import { keepKeyUsage } from '../access/key-usage.ts';
import { sharedPrincipals } from '../access/shared-principals.ts';
import { CREDENTIAL_COLUMN } from '../agents/mcp/credentials.ts';
import { AuditLog } from '../audit/audit-log.ts';
import { autoscalerUpkeep } from '../fleet/autoscaler/upkeep.ts';
import { watchLine } from '../fleet/claims/watch-line.ts';
import { FLEET_SECRET_COLUMN } from '../fleet/nodes/fleet-secret.ts';
import type { NodeLease } from '../fleet/nodes/node-lease.ts';
import type { Gateway } from '../gateway/gateway-options.ts';
import type { Api } from '../http/api.ts';
import { remoteModels } from '../internal/models-service.ts';
import { createJobs } from '../jobs/create-jobs.ts';
import { startLimits } from '../limits/start-limits.ts';
import { Signer } from '../redis/signer.ts';
import { expireAsks } from '../sessions/approvals/expire-asks.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { Deliverer } from '../webhooks/delivery/deliverer.ts';
import { deliveryQueue } from '../webhooks/delivery/delivery-queue.ts';
import { webhookUpkeep } from '../webhooks/upkeep.ts';
import { WEBHOOK_SECRETS } from '../webhooks/webhook.ts';
import type { Node } from './open-node.ts';
import { retentionJobs } from './open-retention.ts';
import { openStreams } from './open-streams.ts';
import type { OpenWorker } from './open-worker.ts';
import { startResealing } from './start-resealing.ts';
import { VERSION } from './version.ts';
import { workerBounds } from './worker-bounds.ts';

/**
 * What the routes of this node reach. `worker`, `gateway` null: those parts are on other nodes. What is done for the
 * whole platform beside requests (webhooks, upkeep, expiry of questions) is done by nodes that serve the API.
 */
export function openApi(
  node: Node,
  parts: {
    ctx: SessionContext;
    lease: NodeLease;
    worker: OpenWorker | null;
    gateway: Gateway | null;
    simulated(): boolean;
    load(): NodeLoad;
    isDraining(): boolean;
    closing: AbortSignal;
  },
): Api {
  const { settings, live, roles, database, registered, keyring, secret, fleet, redis, metrics, scaling, log, closers } =
    node;
  const { pool, target } = database;
  const { ctx, lease, worker, gateway } = parts;
  const nodeId = registered.id;
  const serves = roles.includes('api');

  const upkeep = { pool, settings, log, metrics };
  const kinds = serves ? [...webhookUpkeep(upkeep), ...autoscalerUpkeep(upkeep), ...retentionJobs(upkeep)] : [];
  const jobs = createJobs({ target, log, kinds, queues: serves ? [deliveryQueue(settings)] : [] });
  closers.add('jobs', () => jobs.close());
  const columns = [...WEBHOOK_SECRETS, CREDENTIAL_COLUMN, FLEET_SECRET_COLUMN];
  const resealing = startResealing({ pool, keyring, log, columns });
  closers.add('resealing', () => resealing);
  const deliverer = serves ? new Deliverer({ pool, jobs, keyring, settings, nodeId, log }) : null;
  closers.add('webhooks', async () => deliverer?.close());

  const keyUsage = keepKeyUsage(pool, log);
  closers.add('key usage', () => keyUsage.close());
  const access = createAuthenticator(pool, keyUsage.note, redis && sharedPrincipals(redis, new Signer(secret)));
  const owns = (sessionId: string) => worker?.worker.owns(sessionId) ?? false;
  const { hints, service: signals } = openStreams(node, {
    ...{ ctx, redis, owns },
    onWake: (id) => void worker?.worker.wake(id),
    onKeysChanged: access.forget,
  });
  worker?.worker.onLeft((id) => hints.wake(id));
  const wake = (sessionId: string) => {
    scaling.demand.arrived();
    if (!worker?.worker.wake(sessionId)) hints.wake(sessionId);
  };
  const expiry = serves ? expireAsks(ctx, wake) : null;
  closers.add('approvals', async () => expiry?.close());
  const limits = startLimits(pool, redis, log, metrics);
  closers.add('limits', () => limits.close());
  const audit = new AuditLog(pool, log, metrics);
  closers.add('audit log', () => audit.close());
  const watched = worker ? null : watchLine(pool, () => settings.MAX_WAITING_AGENTS);
  closers.add('waiting line', async () => watched?.close());

  return {
    ctx,
    registry: metrics.registry,
    settings,
    live,
    version: VERSION,
    nodeId,
    roles,
    fleet,
    simulated: parts.simulated,
    upstreams: () => gateway?.upstreams() ?? [],
    models: gateway?.models ?? openRemoteModels(node),
    enforcement: worker?.load().enforcement ?? null,
    restartDefaults: workerBounds(settings, scaling.bounds),
    directories: worker?.site ?? null,
    wake,
    owned: () => worker?.worker.owned ?? 0,
    warmPool: () => worker?.warmPool() ?? null,
    owns,
    line: worker?.worker.line ?? (watched as NonNullable<typeof watched>).line,
    load: parts.load,
    lookAround: async () => worker?.worker.lookAround(),
    access,
    keysChanged: () => {
      access.forget();
      hints.keysChanged();
    },
    limiter: limits.limiter,
    underWay: limits.underWay,
    audit,
    jobs,
    redis,
    signals,
    wakeWebhooks: () => deliverer?.wake(),
    databaseAway: () => lease.databaseAway,
    isDraining: parts.isDraining,
    closing: parts.closing,
  };
}

function openRemoteModels({ fleet, registered, log, closers }: Node): Api['models'] {
  if (!fleet) throw new Error('a node without a gateway is alone');
  const models = remoteModels({ ...fleet, nodeId: registered.id, log });
  closers.add('models of the gateways', () => models.close());
  return models;
}
