import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy in front of one port or socket of this machine, with the faults that networks have. */
export interface FaultProxy {
  readonly port: number;
  /** From now on connections are refused, and those that are open are reset: the server is down. */
  refuse(): Promise<void>;
  /** From now on nothing arrives, in either direction, and nobody is told: the network is cut. */
  silence(): void;
  /** New connections work again. Those that were silenced stay silent for good. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** @param target a port, or the path of a socket */
export async function startFaultProxy(target: number | string): Promise<FaultProxy> {
  const pairs = new Set<{ sockets: Socket[]; silent: boolean }>();
  let silent = false;
  const server = createServer((client) => {
    const upstream = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
    const pair = { sockets: [client, upstream], silent };
    pairs.add(pair);
    const forward = (from: Socket, to: Socket) => {
      from.on('data', (data) => {
        if (!pair.silent && to.writable) to.write(data);
      });
      from.on('error', () => {});
      from.on('close', () => {
        if (pair.silent) return;
        to.destroy();
        pairs.delete(pair);
      });
    };
    forward(client, upstream);
    forward(upstream, client);
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const closeServer = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const { sockets } of pairs) {
      // Only a connection over TCP can be reset.
      for (const socket of sockets) socket.remoteFamily ? socket.resetAndDestroy() : socket.destroy();
    }
    pairs.clear();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    refuse: closeServer,
    silence: () => {
      silent = true;
      for (const pair of pairs) pair.silent = true;
    },
    restore: async () => {
      silent = false;
      if (!server.listening) await listen(port);
    },
    close: closeServer,
  };
}
