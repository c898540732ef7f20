import type { FastifyRequest } from 'fastify';
import { findEndedKeys } from '../../access/keys/find-ended-keys.ts';
import type { Api, App } from '../api.ts';

const CHECK_MS = 2_000;
/** A request younger than this may be the one that ended its own key, and gets its answer. */
const SPARED_MS = 1_000;

/** Cuts streams and waiting requests off when their key ends: whoever was shut out must not go on listening. */
export function endWithKey(app: App, api: Api): void {
  const open = new Map<FastifyRequest, { keyId: string; since: number }>();
  app.addHook('onRequest', async (request, reply) => {
    // Whoever has left while his key was looked up will not be heard leaving.
    if (!request.principal || reply.raw.closed) return;
    open.set(request, { keyId: request.principal.keyId, since: performance.now() });
    // Not onResponse: streams take the connection over and never get there.
    reply.raw.once('close', () => open.delete(request));
  });

  async function check(): Promise<void> {
    const old = [...open].filter(([, { since }]) => performance.now() - since > SPARED_MS);
    if (old.length === 0) return;
    try {
      const keyIds = [...new Set(old.map(([, { keyId }]) => keyId))];
      const ended = new Set(await findEndedKeys(api.ctx.pool, keyIds));
      for (const [request, { keyId }] of old) if (ended.has(keyId)) request.raw.destroy();
    } catch (error) {
      api.ctx.log.warn({ err: error }, 'failed to look for keys that have ended; it is tried again');
    }
  }

  let checking = Promise.resolve();
  const timer = setInterval(() => {
    checking = checking.then(check);
  }, CHECK_MS).unref();
  app.addHook('onClose', async () => {
    clearInterval(timer);
    await checking;
  });
}
