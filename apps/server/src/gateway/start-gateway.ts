import { createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdmission } from './admission.ts';
import { createBudgets } from './budgets/budgets.ts';
import { createCells } from './cells.ts';
import { SYSTEM_CLOCK } from './clock.ts';
import { Doors } from './doors/doors.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { Activity, Gateway, GatewayOptions } from './gateway-options.ts';
import { handleRequest } from './handle-request.ts';
import { createLedger } from './ledger/ledger.ts';
import {
  CLIENT_HEADERS_TIMEOUT_MS,
  CLIENT_KEEP_ALIVE_MS,
  CLIENT_REQUEST_TIMEOUT_MS,
  CLOSE_GRACE_MS,
  MAX_CLIENT_SOCKETS,
} from './limits.ts';
import { createModelCatalogue } from './models/model-catalogue.ts';
import { createPrincipals } from './principal.ts';
import { openFleet } from './upstreams/fleet.ts';
import { RETRY_BOUNDS, type RetryPolicy } from './upstreams/retry-policy.ts';
import { stateOf } from './upstreams/upstream.ts';
import { watchGenerations } from './watch-generations.ts';

const HOST = '127.0.0.1';
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

  const closing = new AbortController();
  const serving = new Set<Promise<void>>();
  const server = createServer(
    {
      noDelay: true,
      keepAlive: true,
      keepAliveTimeout: CLIENT_KEEP_ALIVE_MS,
      headersTimeout: CLIENT_HEADERS_TIMEOUT_MS,
      requestTimeout: CLIENT_REQUEST_TIMEOUT_MS,
    },
    (req, res) => {
      // A socket that breaks is seen as 'close'; without a listener its error would end the process.
      res.on('error', () => {});
      if (doors.forwards(req, res)) return;
      const served = handleRequest(context, req, res, closing.signal, doors.of(req));
      serving.add(served);
      served.finally(() => serving.delete(served));
    },
  );
  const doors = new Doors(server, log);
  server.maxConnections = MAX_CLIENT_SOCKETS;
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  log.info({ port, upstreams: upstreams.map(({ name }) => name) }, 'the model gateway listens');

  let closed: Promise<void> | null = null;
  async function close(): Promise<void> {
    await doors.close();
    const stopped = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    const late = setTimeout(() => closing.abort(), CLOSE_GRACE_MS);
    await Promise.all(serving);
    clearTimeout(late);
    server.closeAllConnections();
    await stopped;
    await context.watch.close();
    await context.ledger.close();
    await budgets.close();
    await fleet.close();
  }
  return {
    url: `http://${HOST}:${port}`,
    port,
    openDoor: (door) => doors.open(door),
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
