import type { App } from '../http/api.ts';

// An answer that was on its way when the server closed leaves its connection idle afterwards; one on which nothing was
// ever asked does not count as idle.
const IDLE_SWEEP_MS = 50;
const CONNECTIONS_GRACE_MS = 1_000;

/** Ends the listener, and what is still being said after a moment. */
export async function closeHttp(app: App, closing: AbortController): Promise<void> {
  closing.abort();
  const closed = app.close();
  const sweep = setInterval(() => app.server.closeIdleConnections(), IDLE_SWEEP_MS);
  const force = setTimeout(() => app.server.closeAllConnections(), CONNECTIONS_GRACE_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(force);
}
