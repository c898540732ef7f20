import { createHash } from 'node:crypto';
import { ApiError } from '@aaas/contract/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Claim, claimRequest, type StoredAnswer } from '../../limits/idempotency/claim-request.ts';
import { type CallerSecret, seal, unseal } from '../../limits/idempotency/seal.ts';
import { releaseRequest, storeAnswer } from '../../limits/idempotency/settle-request.ts';
import type { Api, App } from '../api.ts';
import { keyOf } from './authentication.ts';

const FORM = /^[\x21-\x7e]{1,255}$/;
/** A larger answer is not kept; the request is still done only once. */
const ANSWER_MAX_BYTES = 1024 * 1024;
/** What an answer says beside its body. All others are of the one request. */
const KEPT_HEADERS = ['content-type', 'location', 'content-disposition', 'etag', 'cache-control'];

declare module 'fastify' {
  interface FastifyRequest {
    /** Under an Idempotency-Key, being handled. Null: without one, or settled. */
    keyed: { attempt: string; secret: CallerSecret } | null;
    /** The answer is that of an earlier request. */
    replayed: boolean;
  }
}

/** Answers a POST that comes again under its Idempotency-Key as it was answered the first time. */
export function idempotency(app: App, api: Api): void {
  app.decorateRequest('keyed', null);
  app.decorateRequest('replayed', false);
  app.addHook('preHandler', async (request, reply) => {
    const secret = secretOf(request);
    if (secret === null) return;
    const claim = await claimRequest(api.ctx.pool, {
      workspaceId: request.principal.workspaceId,
      keyId: request.principal.keyId,
      idempotencyKey: secret.idempotencyKey,
      requestHash: hashOf(request),
    });
    if (claim.kind !== 'first') return replay(request, reply, claim, secret);
    api.underWay.begin(claim.attempt);
    request.keyed = { attempt: claim.attempt, secret };
  });
  app.addHook('onSend', async (request, reply, payload) => {
    await settle(api, request, reply, payload);
    return payload;
  });
  // Event streams pass no onSend.
  app.addHook('onResponse', async (request, reply) => settle(api, request, reply, null));
}

/** The two keys of a request whose answer this plugin keeps. @throws invalid_request */
function secretOf(request: FastifyRequest): CallerSecret | null {
  const idempotencyKey = request.headers['idempotency-key'];
  if (idempotencyKey === undefined || request.method !== 'POST') return null;
  if (!request.principal || request.routeOptions.config.idempotency === 'own') return null;
  if (typeof idempotencyKey !== 'string' || !FORM.test(idempotencyKey)) {
    const message = 'must be 1 to 255 visible ASCII characters';
    throw new ApiError('invalid_request', `headers.idempotency-key: ${message}.`, {
      errors: [{ field: 'headers.idempotency-key', message }],
    });
  }
  return { apiKey: keyOf(request) ?? '', idempotencyKey };
}

function replay(
  request: FastifyRequest,
  reply: FastifyReply,
  claim: Exclude<Claim, { kind: 'first' }>,
  secret: CallerSecret,
) {
  switch (claim.kind) {
    case 'mismatch':
      throw new ApiError('idempotency_mismatch', 'This Idempotency-Key came with another request. Use a new key.');
    case 'running':
      throw new ApiError('idempotency_in_progress', 'The first request with this Idempotency-Key is still under way.', {
        retryAfterSeconds: Math.min(claim.leaseSeconds, 5),
      });
    case 'answered':
      return send(request, reply, claim.answer, secret);
  }
}

function send(request: FastifyRequest, reply: FastifyReply, answer: StoredAnswer, secret: CallerSecret) {
  if (answer.sealed === null) {
    throw new ApiError(
      'idempotency_answer_gone',
      'The request with this Idempotency-Key was done once; its answer was a stream or too large, and is not kept. Look at what it made.',
    );
  }
  request.replayed = true;
  const body = unseal(answer.sealed, secret);
  return reply
    .code(answer.status)
    .headers(answer.headers)
    .header('idempotent-replayed', 'true')
    .send(body.length === 0 ? undefined : body);
}

/** Keeps the answer before it leaves. What the caller should try again is forgotten instead. */
async function settle(api: Api, request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
  if (!request.keyed) return;
  const { attempt, secret } = request.keyed;
  request.keyed = null;
  try {
    if (reply.statusCode >= 500 || reply.statusCode === 429) await releaseRequest(api.ctx.pool, attempt);
    else await storeAnswer(api.ctx.pool, attempt, toStored(reply, payload, secret));
  } catch (error) {
    // The answer is right all the same. Until the lease ends a second request is told to wait.
    request.log.warn({ err: error, request_id: request.id }, 'failed to keep the answer of an Idempotency-Key');
  } finally {
    api.underWay.end(attempt);
  }
}

function toStored(reply: FastifyReply, payload: unknown, secret: CallerSecret): StoredAnswer {
  const headers = Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => (reply.hasHeader(name) ? [[name, String(reply.getHeader(name))]] : [])),
  );
  const body = bytesOf(reply, payload);
  const isKept = body !== null && body.length <= ANSWER_MAX_BYTES;
  return { status: reply.statusCode, headers, sealed: isKept ? seal(body, secret) : null };
}

/** Null: it is a stream. */
function bytesOf(reply: FastifyReply, payload: unknown): Buffer | null {
  if (typeof payload === 'string') return Buffer.from(payload);
  if (Buffer.isBuffer(payload)) return payload;
  return (payload === undefined || payload === null) && !reply.raw.headersSent ? Buffer.alloc(0) : null;
}

/** A body that is read as it comes is known by its announcement alone. */
function hashOf({ method, url, body, headers }: FastifyRequest): Buffer {
  const isStream = typeof (body as { pipe?: unknown } | null | undefined)?.pipe === 'function';
  const hash = createHash('sha256').update(JSON.stringify([method, url, headers['content-type'] ?? null]));
  if (isStream) hash.update(`stream ${headers['content-length'] ?? ''}`);
  else hash.update(Buffer.isBuffer(body) ? body : (JSON.stringify(body) ?? ''));
  return hash.digest();
}
