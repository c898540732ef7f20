import type { FastifyRequest } from 'fastify';
import { type LogFields, withLogFields } from '../../telemetry/log-context.ts';
import type { Api, App } from '../api.ts';

// Asked every few seconds, by machines.
const ROUTINE = new Set(['health', 'health.live', 'health.ready', 'metrics', 'docs', 'openapi', 'preflight']);
const ID = /^[A-Za-z0-9_]{1,64}$/;

/**
 * Lets every line that is logged for a request carry its ids, and writes one line when the request is over. It names
 * the route and not the path: a path may hold what a caller should not have put there.
 */
export function requestLog(app: App, api: Api): void {
  app.decorateRequest('logFields');
  app.addHook('onRequest', (request, reply, done) => {
    const began = performance.now();
    const fields = fieldsOf(request);
    request.logFields = fields;
    reply.raw.once('close', () => {
      const { operation } = fields;
      const level = operation !== undefined && ROUTINE.has(operation) ? 'debug' : 'info';
      if (!api.settings.LOG_REQUESTS || !api.ctx.log.isLevelEnabled(level)) return;
      const { statusCode: status, writableFinished } = reply.raw;
      api.ctx.log[level](
        {
          ...identified(request),
          method: request.method,
          route: request.is404 ? null : request.routeOptions.url,
          status,
          duration_ms: Math.round((performance.now() - began) * 10) / 10,
          ...(request.errorCode === null ? {} : { code: request.errorCode }),
          ...(request.clientRequestId === null ? {} : { client_request_id: request.clientRequestId }),
          // The client left, or the server closed, before the answer was out.
          ...(writableFinished ? {} : { aborted: true }),
        },
        'request',
      );
    });
    withLogFields(fields, done);
  });
  // Who has read a body comes back from the socket, outside of what was entered above.
  app.addHook('preValidation', (request, _reply, done) => withLogFields(identified(request), done));
}

function fieldsOf(request: FastifyRequest): LogFields {
  const { operation } = request.routeOptions.config;
  return { request_id: request.id, ...(operation === undefined ? {} : { operation }) };
}

/** What is known once the key was checked and the address read. */
function identified(request: FastifyRequest): LogFields {
  const { logFields: fields, principal } = request;
  if (principal) {
    fields.workspace_id = principal.workspaceId;
    fields.key_id = principal.keyId;
  }
  const params = (request.params ?? {}) as Record<string, unknown>;
  for (const name of ['agent_id', 'session_id', 'turn_id'] as const) {
    const value = params[name];
    if (typeof value === 'string' && ID.test(value)) fields[name] = value;
  }
  return fields;
}
