import type { ServerResponse } from 'node:http';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Api, App } from '../http/api.ts';
import { errors } from '../http/plugins/errors.ts';
import { jsonBody } from '../http/plugins/json-body.ts';
import { filesRoutes } from '../http/routes/ops/files/files-routes.ts';
import { callerOf, type InternalService } from './start-internal.ts';

const MIB = 1024 * 1024;

/**
 * Serves the routes about working directories to the other nodes, for those whose directories lie here. The node that
 * was asked first has checked the key, counted the request and writes the audit log.
 */
export async function directoryService(api: Api): Promise<InternalService & { close(): Promise<void> }> {
  const app: App = Fastify({
    loggerInstance: api.ctx.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: api.settings.MAX_BODY_MB * MIB,
    genReqId: (req) => String(req.headers['x-request-id'] ?? ''),
    routerOptions: { maxParamLength: 4_096 },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => JSON.stringify);
  errors(app, api);
  jsonBody(app);
  app.decorateRequest('principal');
  app.decorateRequest('logFields');
  app.addHook('onRequest', async (request) => {
    const { principal } = callerOf(request.raw);
    if (!principal) throw new Error('a call about a directory is on behalf of nobody');
    request.principal = principal;
    request.logFields = { request_id: request.id };
  });
  filesRoutes(app, api);
  await app.ready();
  return {
    path: '/directories',
    serve: (req, res) => app.routing(req, res as ServerResponse),
    close: () => app.close(),
  };
}
