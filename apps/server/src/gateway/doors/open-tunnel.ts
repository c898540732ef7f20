import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { pinnedLookup } from '../../egress/pinned-lookup.ts';
import { TUNNEL_CONNECT_TIMEOUT_MS, TUNNEL_IDLE_MS } from '../limits.ts';
import type { OpenDoor } from './door.ts';
import { resolveThrough } from './resolve-through.ts';

const TARGET = /^(?:\[([0-9a-f:.]+)\]|([^:/@\s]{1,255})):(\d{1,5})$/i;

/** CONNECT: a connection of an agent to a host that it may reach. What passes is not looked at. */
export async function openTunnel(
  door: OpenDoor,
  req: IncomingMessage,
  client: Duplex,
  head: Buffer,
  log: Logger,
): Promise<void> {
  client.on('error', () => client.destroy());
  const [, v6, name, port] = TARGET.exec(req.url ?? '') ?? [];
  const host = v6 ?? name;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return refuse(client, 400, 'Bad target');
  const found = await resolveThrough(door, { host, port: Number(port) }, log);
  if ('status' in found) return refuse(client, found.status, found.message);
  if (client.destroyed) return;
  const server = connect({
    host,
    port: Number(port),
    autoSelectFamily: true,
    lookup: pinnedLookup(found.addresses),
  });
  const late = setTimeout(() => server.destroy(new Error('no connection in time')), TUNNEL_CONNECT_TIMEOUT_MS);
  let through = false;
  server.once('connect', () => {
    clearTimeout(late);
    through = true;
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) server.write(head);
    server.setTimeout(TUNNEL_IDLE_MS, () => server.destroy());
    server.pipe(client);
    client.pipe(server);
  });
  server.once('error', () => {
    clearTimeout(late);
    if (!through && !client.destroyed) refuse(client, 502, `${host}:${port} cannot be reached`);
  });
  server.once('close', (broken) => {
    // What it has sent before it ended must still arrive.
    if (!through) return;
    if (broken) client.destroy();
    else client.end();
  });
  client.once('close', () => server.destroy());
}

/** The sentence stands in the status line too: of a refused tunnel many clients show nothing else. */
function refuse(client: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  client.end(
    `HTTP/1.1 ${status} ${message}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
