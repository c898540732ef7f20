import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type GatewayError, sendError } from './anthropic-error.ts';
import type { Door, DoorOptions, OpenDoor } from './doors/door.ts';
import { Doors } from './doors/doors.ts';
import {
  CLIENT_HEADERS_TIMEOUT_MS,
  CLIENT_KEEP_ALIVE_MS,
  CLIENT_REQUEST_TIMEOUT_MS,
  CLOSE_GRACE_MS,
  MAX_CLIENT_SOCKETS,
} from './limits.ts';

/**
 * Serves one model request of an agent. Never rejects; resolves when all that belongs to it is done.
 * @param closing aborted when the request must end
 * @param door undefined: it came through no door
 */
export type ServeModelRequest = (
  req: IncomingMessage,
  res: ServerResponse,
  closing: AbortSignal,
  door?: OpenDoor,
) => Promise<void>;

/** The way of this machine's agents to the model: a port on the loopback, and a door for each sandbox. */
export interface Front {
  url: string;
  port: number;
  /** Opens a way in for one sandbox, which reaches neither the port above nor anything else outside. */
  openDoor(options: DoorOptions): Promise<Door>;
  /** Serves a request that came in another way, as long as those of the front. */
  serve(req: IncomingMessage, res: ServerResponse): void;
  /**
   * Takes no more requests. Those under way have `graceMs` to end, but for the ones that only read: they may be made
   * again. Resolves when no request runs and every socket is closed.
   */
  close(graceMs?: number): Promise<void>;
}

const CLOSES: GatewayError = { status: 503, message: 'This model gateway is being stopped.', unfit: true };
const HOST = '127.0.0.1';

export async function startFront(log: Logger, answer: ServeModelRequest): Promise<Front> {
  const stopping = new AbortController();
  const closing = new AbortController();
  const serving = new Set<Promise<void>>();
  const serve = (req: IncomingMessage, res: ServerResponse, door?: OpenDoor) => {
    // A socket that breaks is seen as 'close'; without a listener its error would end the process.
    res.on('error', () => {});
    if (stopping.signal.aborted) return sendError(res, CLOSES);
    const served = answer(req, res, (req.method === 'GET' ? stopping : closing).signal, door);
    serving.add(served);
    served.finally(() => serving.delete(served));
  };
  const server = createServer(
    {
      noDelay: true,
      keepAlive: true,
      keepAliveTimeout: CLIENT_KEEP_ALIVE_MS,
      headersTimeout: CLIENT_HEADERS_TIMEOUT_MS,
      requestTimeout: CLIENT_REQUEST_TIMEOUT_MS,
    },
    (req, res) => {
      if (!doors.forwards(req, res)) serve(req, res, doors.of(req));
    },
  );
  const doors = new Doors(server, log);
  server.maxConnections = MAX_CLIENT_SOCKETS;
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function close(graceMs = CLOSE_GRACE_MS): Promise<void> {
    await doors.close();
    stopping.abort();
    const stopped = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    const late = setTimeout(() => closing.abort(), graceMs);
    await Promise.all(serving);
    clearTimeout(late);
    server.closeAllConnections();
    await stopped;
  }
  return {
    url: `http://${HOST}:${port}`,
    port,
    openDoor: (door) => doors.open(door),
    serve: (req, res) => serve(req, res),
    close,
  };
}
