import { createSecretKey } from 'node:crypto';
import { createAdmission } from './admission.ts';
import { createBudgets } from './budgets/budgets.ts';
import { createCells } from './cells.ts';
import { SYSTEM_CLOCK } from './clock.ts';
import { startFront } from './front.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { Activity, Gateway, GatewayOptions } from './gateway-options.ts';
import { handleRequest } from './handle-request.ts';
import { createLedger } from './ledger/ledger.ts';
import { createModelCatalogue } from './models/model-catalogue.ts';
import { createPrincipals } from './principal.ts';
import { openFleet } from './upstreams/fleet.ts';
import { RETRY_BOUNDS, type RetryPolicy } from './upstreams/retry-policy.ts';
import { stateOf } from './upstreams/upstream.ts';
import { watchGenerations } from './watch-generations.ts';

const MIN_SECRET_BYTES = 16;

/** Starts the model proxy of this process on a port of its own. It alone holds the providers' keys. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  if (options.upstreams.length === 0) throw new RangeError('the gateway needs an upstream');
  if (options.tokenSecret.length < MIN_SECRET_BYTES) throw new RangeError('the secret of the tokens is too short');
  const log = options.log.child({ part: 'gateway' });
  const policy: RetryPolicy = { ...SYSTEM_CLOCK, ...RETRY_BOUNDS, ...options.retry };
  const { upstreams, simulator, settings } = options;
  const fleet = openFleet({ upstreams, simulator, settings, now: policy.now });
  const budgets = createBudgets(options.pool, log, policy, fleet);
  const context: GatewayContext = {
    log,
    tokenSecret: createSecretKey(options.tokenSecret),
    fleet,
    settings,
    policy,
    cells: createCells(options.pool),
    principals: createPrincipals(options.pool, policy.now),
    ledger: createLedger(options.pool, log, undefined, budgets.onWritten),
    admission: createAdmission(),
    watch: watchGenerations(options.pool, log, options.watchMs),
    budgets,
    mcp: options.mcp ?? null,
    onActivity: guarded(options.onActivity, log),
  };

  const front = await startFront(log, (req, res, closing, door) => handleRequest(context, req, res, closing, door));
  log.info({ port: front.port, upstreams: upstreams.map(({ name }) => name) }, 'the model gateway listens');

  let closed: Promise<void> | null = null;
  async function close(): Promise<void> {
    await front.close(settings.DRAIN_TIMEOUT * 1000);
    await context.watch.close();
    await context.ledger.close();
    await budgets.close();
    await fleet.close();
  }
  return {
    ...front,
    upstreams: () => fleet.all().map(stateOf),
    models: createModelCatalogue(fleet, options.pool, policy),
    close: () => (closed ??= close()),
  };
}

function guarded(listener: GatewayOptions['onActivity'], log: GatewayOptions['log']): GatewayContext['onActivity'] {
  if (!listener) return () => {};
  return (sessionId: string, what: Activity) => {
    try {
      listener(sessionId, what);
    } catch (err) {
      log.error({ err }, 'a listener of the gateway failed');
    }
  };
}
