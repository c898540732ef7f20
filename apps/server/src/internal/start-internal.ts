import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Principal } from '../access/authenticate.ts';
import { verifyCall } from './node-token.ts';
import { RefusalLog } from './refusal-log.ts';

/** Who of the fleet has called. */
export interface Caller {
  nodeId: string;
  /** On whose behalf; null: on its own. */
  principal: Principal | null;
}

/** What this node does for the others below a path. */
export interface InternalService {
  /** Such as `/gateway`. */
  path: string;
  serve(req: IncomingMessage, res: ServerResponse, caller: Caller): void;
}

export interface InternalListener {
  /** Where it listens, with its port. */
  url: string;
  /** Takes no more calls and ends the open ones. */
  close(): Promise<void>;
}

const callers = new WeakMap<IncomingMessage, Caller>();

/** Who has made a call that the listener let in. */
export function callerOf(req: IncomingMessage): Caller {
  const caller = callers.get(req);
  if (!caller) throw new Error(`not a call between nodes: ${req.method} ${req.url}`);
  return caller;
}

/**
 * Listens for the other nodes of the fleet. A call that is not signed with the secret of the fleet gets no further than
 * 401. The path of a service is taken off before it is served.
 */
export async function startInternal(options: {
  host: string;
  port: number;
  secret: Buffer;
  services: InternalService[];
  log: Logger;
}): Promise<InternalListener> {
  const { host, port, secret, services, log } = options;
  const refusals = new RefusalLog(log);
  const server = createServer({ noDelay: true, keepAlive: true, requestTimeout: 0 }, (req, res) => {
    res.on('error', () => {});
    const caller = verifyCall(secret, req);
    if (!caller) {
      refusals.refused(req.socket.remoteAddress);
      return refuse(res, 401, 'This is for the nodes of one fleet: the call is not signed by one of them.');
    }
    callers.set(req, caller);
    const service = services.find(({ path }) => isBelow(path, req.url ?? ''));
    if (!service) return refuse(res, 404, 'This node does nothing under that path: see its roles.');
    req.url = req.url?.slice(service.path.length) || '/';
    service.serve(req, res, caller);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const at = server.address() as AddressInfo;
  return {
    url: `http://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      refusals.close();
    },
  };
}

function isBelow(path: string, url: string): boolean {
  return url.startsWith(path) && /^(?:$|[/?])/.test(url.slice(path.length));
}

function refuse(res: ServerResponse, status: number, message: string): void {
  res.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${message}\n`);
}
