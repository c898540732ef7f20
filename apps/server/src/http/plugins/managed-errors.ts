import { type ApiError, ERRORS } from '@aaas/contract/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';

const TYPES: Record<number, string> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  502: 'api_error',
  500: 'api_error',
  501: 'api_error',
  503: 'overloaded_error',
};

/** An error as the official SDK reads it. What a retry cannot mend says so: the SDK would otherwise try thrice. */
export function sendManagedError(error: ApiError, request: FastifyRequest, reply: FastifyReply) {
  // The hosted API knows no 422.
  const status = error.status === 422 ? 400 : error.status;
  if (status === 409 || status === 501) reply.header('x-should-retry', String(ERRORS[error.code].retryable));
  const body = {
    type: 'error',
    error: { type: TYPES[status] ?? 'invalid_request_error', message: error.message },
    request_id: request.id,
  };
  return reply.code(status).header('content-type', 'application/json').serializer(String).send(JSON.stringify(body));
}
