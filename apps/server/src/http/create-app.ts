import { newId } from '@aaas/contract/ids';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { jsonSchemaTransformObject, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Api, App } from './api.ts';
import { withoutTwins } from './openapi-twins.ts';
import { allowedMethods } from './plugins/allowed-methods.ts';
import { authentication, authorization } from './plugins/authentication.ts';
import { clientError } from './plugins/client-errors.ts';
import { describeRoute } from './plugins/describe-scope.ts';
import { endWithKey } from './plugins/end-with-key.ts';
import { errors, frameworkError } from './plugins/errors.ts';
import { jsonBody } from './plugins/json-body.ts';
import { managedRoutes } from './routes/managed/managed-routes.ts';
import { opsRoutes } from './routes/ops/ops-routes.ts';

const BODY_MAX_BYTES = 32 * 1024 * 1024;

/** The HTTP server with all its routes, not yet listening. */
export async function createApp(api: Api): Promise<App> {
  const app: App = Fastify({
    loggerInstance: api.ctx.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => newId('req'),
    bodyLimit: BODY_MAX_BYTES,
    frameworkErrors: frameworkError,
    clientErrorHandler: clientError,
    // Within these a client must have sent its request; an answer may take as long as its turn.
    connectionTimeout: 0,
    requestTimeout: 120_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 4_096 },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are typed where they are made; checking them again at run time would cost each request.
  app.setSerializerCompiler(() => JSON.stringify);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('request-id', request.id);
  });
  errors(app);
  jsonBody(app);
  await app.register(helmet, { contentSecurityPolicy: false });
  await app.register(cors, { origin: false });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'AaaS',
        version: api.version,
        description: 'Run Claude agents as a service, inside your own walls.',
      },
      components: {
        securitySchemes: {
          key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ key: [] }, { bearer: [] }],
    },
    transform: describeRoute,
    transformObject: (document) => withoutTwins(jsonSchemaTransformObject(document)),
  });
  app.addHook('onRoute', (route) => {
    // The documentation is for everybody, its plugin's own routes included.
    if (route.url.startsWith('/docs')) route.config = { ...route.config, operation: 'docs', scope: null };
  });
  authentication(app, api);
  authorization(app);
  endWithKey(app, api);
  allowedMethods(app);
  await app.register(swaggerUi, { routePrefix: '/docs', logLevel: 'silent' });
  app.get('/openapi.json', { config: { operation: 'openapi', scope: null }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
  await app.register(async (routes) => {
    opsRoutes(routes as App, api);
    managedRoutes(routes as App, api);
  });
  return app;
}
