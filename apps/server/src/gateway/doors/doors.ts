import { chownSync, closeSync, constants, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { CLIENT_CONNECTIONS_MAX, DOOR_SOCKET } from '../limits.ts';
import type { Door, DoorOptions, OpenDoor } from './door.ts';
import { forwardRequest } from './forward-request.ts';
import { openTunnel } from './open-tunnel.ts';

/** The doors of the sandboxes of this process. What comes through them is served by the gateway's own server. */
export class Doors {
  readonly #server: HttpServer;
  readonly #log: Logger;
  readonly #behind = new WeakMap<Duplex, OpenDoor>();
  readonly #open = new Set<Door>();

  constructor(server: HttpServer, log: Logger) {
    this.#server = server;
    this.#log = log;
    server.on('connect', (req, socket, head) => {
      const door = this.#behind.get(socket);
      if (door) void openTunnel(door, req, socket, head, this.#log);
      else socket.end('HTTP/1.1 405 Method Not Allowed\r\n\r\n');
    });
  }

  async open(options: DoorOptions): Promise<Door> {
    const door: OpenDoor = { ...options, sessionId: options.name, sockets: new Set(), refused: new Set() };
    const listeners = new Set<Server>();
    const adopt = (listener: Server) => {
      listener.maxConnections = CLIENT_CONNECTIONS_MAX;
      listener.on('error', (err) => this.#log.warn({ err, session_id: door.sessionId }, 'a door failed'));
      listener.on('connection', (socket) => this.#enter(door, socket));
      listeners.add(listener);
    };
    // A path to a socket may have 107 bytes; this one is short wherever the directory lies. It stays good until the end:
    // the listener removes its socket by that name.
    const held = openSync(options.directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const path = join('/proc/self/fd', String(held), DOOR_SOCKET);
    const listener = createServer();
    let closed: Promise<void> | null = null;
    const close = async () => {
      this.#open.delete(opened);
      const ends = [...listeners].map((one) => new Promise((resolve) => one.close(resolve)));
      for (const socket of door.sockets) socket.destroy();
      await Promise.all(ends);
      closeSync(held);
    };
    const opened: Door = {
      serve: (inside) => (closed ? void inside.close() : adopt(inside)),
      rename: (sessionId) => {
        door.sessionId = sessionId;
      },
      close: () => (closed ??= close()),
    };
    try {
      await rm(join(options.directory, DOOR_SOCKET), { force: true });
      await new Promise<void>((resolve, reject) => {
        listener.once('error', reject);
        listener.listen({ path }, () => {
          listener.off('error', reject);
          resolve();
        });
      });
      if (options.owner) chownSync(path, options.owner.uid, options.owner.gid);
    } catch (error) {
      closeSync(held);
      throw error;
    }
    adopt(listener);
    this.#open.add(opened);
    return opened;
  }

  /** Undefined: the request did not come through a door. */
  of(req: IncomingMessage): OpenDoor | undefined {
    return this.#behind.get(req.socket);
  }

  /** Answers a request that wants to go on to another server. @returns whether it was one. */
  forwards(req: IncomingMessage, res: ServerResponse): boolean {
    const door = this.#behind.get(req.socket);
    if (!door || !/^http:\/\//i.test(req.url ?? '')) return false;
    void forwardRequest(door, req, res, this.#log);
    return true;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((door) => door.close()));
  }

  #enter(door: OpenDoor, socket: Socket): void {
    this.#behind.set(socket, door);
    door.sockets.add(socket);
    socket.once('close', () => door.sockets.delete(socket));
    this.#server.emit('connection', socket);
  }
}
