import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { handler } from './http/handler.ts';
import { LIMITS } from './limits.ts';

export interface SimulatorOptions {
  /** Address to listen on. Default: 127.0.0.1. */
  readonly host?: string;
  /** Port to listen on. Default: 0, a free one. */
  readonly port?: number;
  /** Keys that are let in. Default: any key, and none. */
  readonly apiKeys?: readonly string[];
  /** Closes the simulator when it aborts. */
  readonly signal?: AbortSignal;
}

export interface Simulator {
  readonly url: string;
  /** Cuts every open response and resolves when the port is free. May be called again. */
  close(): Promise<void>;
}

/** Starts the simulator in this process. Rejects with the error of `listen` (`EADDRINUSE`, `EACCES`). */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, apiKeys, signal } = options;
  signal?.throwIfAborted();
  const server = createServer(handler(apiKeys));
  server.maxConnections = LIMITS.requests;
  // Longer than the pools of usual clients keep a connection: the client closes first, and meets no reset.
  server.keepAliveTimeout = 65_000;
  server.listen(port, host);
  await once(server, 'listening');

  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= new Promise<void>((resolve) => {
      signal?.removeEventListener('abort', close);
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closing;
  };
  signal?.addEventListener('abort', close);
  if (signal?.aborted) await close();
  const { address, port: taken, family } = server.address() as AddressInfo;
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`, close };
}
