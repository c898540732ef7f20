import type { ServerResponse } from 'node:http';
import { newId } from '@aaas/contract/ids';

export type AnthropicErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'api_error'
  | 'timeout_error'
  | 'overloaded_error';

const TYPES: Record<number, AnthropicErrorType> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  424: 'api_error',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** An error of the gateway's own, in the words of the Messages API. */
export interface GatewayError {
  status: number;
  message: string;
  retryAfterSeconds?: number;
  /** This gateway cannot serve anybody now: another one may. */
  unfit?: boolean;
}

/** Tells whoever relays to several gateways that the answer is of this one alone. */
export const UNFIT_HEADER = 'x-aaas-unfit';

export function errorTypeOf(status: number): AnthropicErrorType {
  return TYPES[status] ?? (status >= 400 && status < 500 ? 'invalid_request_error' : 'api_error');
}

/** The body of an error, as the Messages API writes it. */
export function errorBody(error: GatewayError): string {
  return JSON.stringify({
    type: 'error',
    error: { type: errorTypeOf(error.status), message: error.message },
    request_id: newId('req'),
  });
}

/** Answers with an error. The retries are ours: the client is told not to try again. */
export function sendError(res: ServerResponse, error: GatewayError): void {
  if (res.headersSent || res.destroyed) return;
  const body = errorBody(error);
  res.writeHead(error.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-should-retry': 'false',
    ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
    ...(error.unfit ? { [UNFIT_HEADER]: '1' } : {}),
  });
  res.end(body);
}
