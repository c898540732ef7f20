const TYPES = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
} as const;

export type ErrorStatus = keyof typeof TYPES;

/** An answer in Anthropic's error shape. The message names the field that is wrong, when one is. */
export class ApiError extends Error {
  readonly status: ErrorStatus;

  constructor(status: ErrorStatus, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

export function errorBody(status: ErrorStatus, message: string, requestId: string): object {
  return { type: 'error', error: { type: TYPES[status], message }, request_id: requestId };
}
