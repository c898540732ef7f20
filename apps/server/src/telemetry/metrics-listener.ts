import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { StartupError } from '../start/startup-error.ts';

export interface MetricsListener {
  url: string;
  close(): Promise<void>;
}

/** Serves the metrics, and nothing else, on a port of their own and without a key. @throws StartupError when the port is taken. */
export async function startMetricsListener(
  registry: Registry,
  { host, port, enabled }: { host: string; port: number; enabled: () => boolean },
): Promise<MetricsListener> {
  const server = createServer(async (request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || request.url?.split('?', 1)[0] !== '/metrics' || !enabled()) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Only GET /metrics is served here.\n');
      return;
    }
    try {
      const body = await registry.metrics();
      response.writeHead(200, { 'content-type': registry.contentType }).end(body);
    } catch {
      response.writeHead(500).end();
    }
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartupError(`Cannot listen on ${host}:${port}: ${code}. Check METRICS_HOST and METRICS_PORT.`, {
      cause: error,
    });
  }
  server.unref();
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/metrics`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
