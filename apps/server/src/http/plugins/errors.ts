import { ApiError, ERRORS, type ErrorCode, type FieldError, type Problem } from '@aaas/contract/errors';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { isDatabaseAway, isDatabaseLate } from '../../postgres/database-away.ts';
import type { Api, App } from '../api.ts';
import { databaseLate, databaseUnavailable } from './availability.ts';
import { sendManagedError } from './managed-errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the error that the request was answered with; null: of none. */
    errorCode: ErrorCode | null;
  }
}

/** Renders every error: as a problem of RFC 9457, or under /v1 as the Managed Agents API does. */
export function errors(app: App, api: Api): void {
  app.decorateRequest('errorCode', null);
  const tooLarge = `The body is larger than ${api.settings.MAX_BODY_MB} MiB. Send less, or have an operator raise MAX_BODY_MB.`;
  app.setErrorHandler((error: FastifyError | ApiError, request, reply) => {
    const isTooLarge = error.code === 'FST_ERR_CTP_BODY_TOO_LARGE';
    const shown = isTooLarge ? new ApiError('payload_too_large', tooLarge, { cause: error }) : toApiError(error);
    return send(shown, request, reply);
  });
  app.setNotFoundHandler((request, reply) => send(noSuchRoute(request), request, reply));
}

/** Before the body is read: what is wrong with it is no matter where nothing takes it. */
export function refuseUnknown(app: App): void {
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw noSuchRoute(request);
  });
}

function noSuchRoute(request: FastifyRequest): ApiError {
  return new ApiError('not_found', `There is no ${request.method} ${pathOf(request)}. See /docs.`);
}

/** Errors that Fastify finds before a route: an address that is no text, or too long. */
export function frameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('request-id', request.id);
  send(toApiError(error), request, reply);
}

function send(error: ApiError, request: FastifyRequest, reply: FastifyReply) {
  request.errorCode = error.code;
  report(error, request);
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
  if (pathOf(request).startsWith('/v1/')) return sendManagedError(error, request, reply);
  const problem: Problem = {
    type: `/docs#${error.code}`,
    title: ERRORS[error.code].title,
    status: error.status,
    code: error.code,
    detail: error.message,
    retryable: ERRORS[error.code].retryable,
    request_id: request.id,
    ...(error.errors ? { errors: error.errors } : {}),
  };
  // As text: the route's own serializer is for its answers.
  return reply
    .code(error.status)
    .header('content-type', 'application/problem+json')
    .serializer(String)
    .send(JSON.stringify(problem));
}

/** What the platform did wrong is an error; what is away is a warning; a turn that failed has said so in its own log. */
function report({ code, message, cause }: ApiError, request: FastifyRequest): void {
  if (code === 'internal') request.log.error({ ...request.logFields, err: cause, request_id: request.id }, message);
  else if (code === 'unavailable' || code === 'database_unavailable') {
    const reason = cause instanceof Error ? cause.message : undefined;
    request.log.warn({ ...request.logFields, reason, request_id: request.id }, message);
  }
}

const BY_STATUS: Record<number, ErrorCode> = {
  400: 'bad_request',
  404: 'not_found',
  414: 'uri_too_long',
  431: 'headers_too_large',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

function toApiError(error: FastifyError | ApiError): ApiError {
  if (error instanceof ApiError) return error;
  // Of a trigger: the request was let in a moment before its workspace was archived.
  if (error.code === 'AW001') return new ApiError('workspace_archived', 'The workspace is archived.', { cause: error });
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validationContext === 'body' ? '' : `${error.validationContext}.`;
    const fields = error.validation.map(({ instancePath, message, params }) =>
      fieldError(where, instancePath, message, params),
    );
    const [first] = fields;
    return new ApiError('invalid_request', `${first?.field}: ${first?.message}.`, { errors: fields });
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500)
    return new ApiError(BY_STATUS[status] ?? 'invalid_request', error.message, { cause: error });
  if (isDatabaseAway(error)) return databaseUnavailable(error);
  if (isDatabaseLate(error)) return databaseLate(error);
  return new ApiError('internal', 'Something failed inside the platform. Try again; the log holds the request id.', {
    cause: error,
  });
}

function fieldError(where: string, path: string, message = 'is not valid', params?: object): FieldError {
  // Of a field that is not known, its name.
  const [unknown] = (params as { keys?: string[] } | undefined)?.keys ?? [];
  const parts = [...path.split('/').filter(Boolean), ...(unknown === undefined ? [] : [unknown])];
  const field = `${where}${parts.join('.')}`.replace(/\.$/, '');
  return { field: field === '' ? 'body' : field, message };
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] as string;
}
