import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyRequest } from 'fastify';
import type { Api, App } from '../api.ts';

const CLIENT_REQUEST_ID = /^[A-Za-z0-9._:/+=-]{1,128}$/;
const PREFLIGHT_KEPT_SECONDS = 600;
const YEAR_SECONDS = 365 * 24 * 60 * 60;
const EXPOSED = [
  'request-id',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'location',
  'etag',
  'content-range',
  'idempotent-replayed',
  'content-disposition',
];

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's own name of the request (`x-request-id`). Recorded beside ours and never trusted; null: none. */
    clientRequestId: string | null;
  }
}

/** What every answer carries, and which pages of other origins may read it. */
export async function manners(app: App, api: Api): Promise<void> {
  app.decorateRequest('clientRequestId', null);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('request-id', request.id);
    request.clientRequestId = clientRequestIdOf(request);
  });
  await app.register(helmet, {
    // Answers are data: no page may frame them or run what is in them. Pages of our own name a policy of their own.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"], 'base-uri': ["'none'"] },
    },
    // Heeded by browsers over TLS alone. Other hosts below ours are not ours to decide.
    strictTransportSecurity: { maxAge: YEAR_SECONDS, includeSubDomains: false },
    // Who may read an answer is decided by CORS, below.
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  app.addHook('onRoute', (route) => {
    // Of @fastify/cors: it answers preflights before authentication, and this is what the others reach.
    if (route.method === 'OPTIONS' && route.url === '*') {
      route.config = { ...route.config, operation: 'preflight', scope: null };
    }
  });
  await app.register(cors, {
    origin: (origin, decide) => decide(null, isAllowed(origin, api.settings.ALLOWED_ORIGINS)),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED,
    maxAge: PREFLIGHT_KEPT_SECONDS,
    // An OPTIONS that is no preflight is answered like any other path without one.
    strictPreflight: false,
  });
}

function isAllowed(origin: string | undefined, setting: string): boolean {
  if (origin === undefined || setting === '') return false;
  const allowed = setting.split(',').map((one) => one.trim());
  return allowed.includes('*') || allowed.includes(origin);
}

function clientRequestIdOf(request: FastifyRequest): string | null {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && CLIENT_REQUEST_ID.test(given) ? given : null;
}
