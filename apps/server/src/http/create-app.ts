import { newId } from '@aaas/contract/ids';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { jsonSchemaTransformObject, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { trustedProxies } from '../config/trusted-proxies.ts';
import type { Api, App } from './api.ts';
import { withoutTwins } from './openapi-twins.ts';
import { speakPlainly } from './plain-words.ts';
import { allowedMethods } from './plugins/allowed-methods.ts';
import { attempts } from './plugins/attempts.ts';
import { audit } from './plugins/audit.ts';
import { authentication, authorization } from './plugins/authentication.ts';
import { availability } from './plugins/availability.ts';
import { clientError, HEADERS_MAX_BYTES } from './plugins/client-errors.ts';
import { connections } from './plugins/connections.ts';
import { describeRoute } from './plugins/describe-scope.ts';
import { endWithKey } from './plugins/end-with-key.ts';
import { errors, frameworkError, refuseUnknown } from './plugins/errors.ts';
import { idempotency } from './plugins/idempotency.ts';
import { jsonBody } from './plugins/json-body.ts';
import { manners } from './plugins/manners.ts';
import { requestMetrics } from './plugins/metrics.ts';
import { nameRest } from './plugins/name-rest.ts';
import { openRequests } from './plugins/open-requests.ts';
import { rateLimit } from './plugins/rate-limit.ts';
import { requestLog } from './plugins/request-log.ts';
import { managedRoutes } from './routes/managed/managed-routes.ts';
import { opsRoutes, statusRoutes } from './routes/ops/ops-routes.ts';

const MIB = 1024 * 1024;
/** Within this a client must have sent its headers, and within the other all of its request, an upload included. */
const HEADERS_WITHIN_MS = 20_000;
const REQUEST_WITHIN_MS = 900_000;
// The pages of /docs bring scripts of their own; all else is data.
const DOCS_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

/** The HTTP server with all its routes, not yet listening. */
export async function createApp(api: Api): Promise<App> {
  const app: App = Fastify({
    loggerInstance: api.ctx.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => newId('req'),
    // Its lines know their request by themselves.
    childLoggerFactory: (logger) => logger,
    bodyLimit: api.settings.MAX_BODY_MB * MIB,
    trustProxy: trustedProxies(api.settings),
    http: { maxHeaderSize: HEADERS_MAX_BYTES, headersTimeout: HEADERS_WITHIN_MS },
    frameworkErrors: frameworkError,
    clientErrorHandler: clientError,
    // An answer may take as long as its turn.
    connectionTimeout: 0,
    requestTimeout: REQUEST_WITHIN_MS,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 4_096 },
  }).withTypeProvider<ZodTypeProvider>();
  connections(app, api);
  speakPlainly();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are typed where they are made; checking them again at run time would cost each request.
  app.setSerializerCompiler(() => JSON.stringify);
  requestLog(app, api);
  requestMetrics(app, api);
  errors(app, api);
  jsonBody(app);
  await manners(app, api);
  refuseUnknown(app);
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
    transform: nameRest(describeRoute),
    transformObject: (document) => withoutTwins(jsonSchemaTransformObject(document)),
  });
  app.addHook('onRoute', (route) => {
    // The documentation is for everybody, its plugin's own routes included.
    if (route.url.startsWith('/docs')) route.config = { ...route.config, operation: 'docs', scope: null };
  });
  availability(app, api);
  attempts(app, api);
  authentication(app, api);
  rateLimit(app, api);
  openRequests(app, api);
  authorization(app);
  endWithKey(app, api);
  allowedMethods(app);
  idempotency(app, api);
  audit(app, api);
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: DOCS_POLICY, logLevel: 'silent' });
  app.get('/openapi.json', { config: { operation: 'openapi', scope: null }, schema: { hide: true } }, async () =>
    app.swagger(),
  );
  await app.register(async (routes) => {
    statusRoutes(routes as App, api);
    if (!api.roles.includes('api')) return;
    opsRoutes(routes as App, api);
    managedRoutes(routes as App, api);
  });
  return app;
}
