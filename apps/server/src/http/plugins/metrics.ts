import type { Api, App } from '../api.ts';

// The parser knows many more methods; a label takes only those that routes have.
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Measures every request until its connection is done with it, streams and departed clients included. */
export function requestMetrics(app: App, api: Api): void {
  const { metrics } = api.ctx;
  app.addHook('onRequest', (request, reply, done) => {
    const began = performance.now();
    reply.raw.once('close', () => {
      const method = METHODS.has(request.method) ? request.method : 'OTHER';
      const endpoint = (!request.is404 && request.routeOptions.url) || 'unmatched';
      metrics.requestEnded(method, endpoint, (performance.now() - began) / 1000);
    });
    done();
  });
}
