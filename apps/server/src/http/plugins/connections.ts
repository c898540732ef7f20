import type { Api, App } from '../api.ts';

const LOGGED_EACH_MS = 10_000;

/** Bounds the open connections. Those beyond are closed before anything is read from them. */
export function connections(app: App, api: Api): void {
  const { server } = app;
  let dropped = 0;
  let loggedAt = Number.NEGATIVE_INFINITY;
  server.maxConnections = api.settings.MAX_CONNECTIONS;
  server.on('drop', () => {
    dropped += 1;
    if (performance.now() - loggedAt < LOGGED_EACH_MS) return;
    loggedAt = performance.now();
    const max = server.maxConnections;
    api.ctx.log.warn({ max, dropped }, 'connections are closed: MAX_CONNECTIONS are open');
  });
}
