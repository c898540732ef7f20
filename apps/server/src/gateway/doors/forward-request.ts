import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { pinnedLookup } from '../../egress/pinned-lookup.ts';
import { TUNNEL_CONNECT_TIMEOUT_MS, TUNNEL_IDLE_MS } from '../limits.ts';
import type { OpenDoor } from './door.ts';
import { resolveThrough } from './resolve-through.ts';

/** Of one connection, or meant for a proxy: neither passes. */
const OF_ONE_HOP = /^(connection|proxy-.*|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

/** A plain HTTP request of an agent to a host that it may reach, handed on as it comes. */
export async function forwardRequest(
  door: OpenDoor,
  req: IncomingMessage,
  res: ServerResponse,
  log: Logger,
): Promise<void> {
  const url = URL.canParse(req.url ?? '') ? new URL(req.url ?? '') : null;
  if (url?.username !== '' || url.password !== '') return answer(res, 400, 'Bad target');
  const port = Number(url.port || 80);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = await resolveThrough(door, { host, port }, log);
  if ('status' in found) return answer(res, found.status, found.message);
  const onward = request({
    host,
    port,
    method: req.method,
    path: `${url.pathname}${url.search}`,
    headers: { ...passing(req.headers), host: url.host },
    agent: false,
    lookup: pinnedLookup(found.addresses),
  });
  const late = setTimeout(() => onward.destroy(new Error('no connection in time')), TUNNEL_CONNECT_TIMEOUT_MS);
  onward.once('socket', (socket) => socket.once('connect', () => clearTimeout(late)));
  onward.setTimeout(TUNNEL_IDLE_MS, () => onward.destroy());
  onward.once('response', (response) => {
    res.writeHead(response.statusCode ?? 502, passing(response.headers));
    res.flushHeaders();
    response.pipe(res);
    response.once('error', () => res.destroy());
  });
  onward.once('error', () => {
    clearTimeout(late);
    if (res.headersSent) res.destroy();
    else answer(res, 502, `${host}:${port} cannot be reached`);
  });
  res.once('close', () => onward.destroy());
  req.pipe(onward);
}

function passing(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ONE_HOP.test(name)));
}

function answer(res: ServerResponse, status: number, message: string): void {
  res.writeHead(status, message, { 'content-type': 'text/plain', connection: 'close' }).end(`${message}\n`);
}
