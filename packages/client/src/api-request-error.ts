import type { Schema } from './operations/operation-types.ts';

/** A code of the platform's catalogue. */
export type ErrorCode = Schema<'Problem'>['code'];
/** `http_…`: something between us and the platform has answered; `unexpected_answer`: it is no platform. */
export type RequestErrorCode = ErrorCode | 'unexpected_answer' | `http_${number}`;
export type FieldError = NonNullable<Schema<'Problem'>['errors']>[number];

/** The platform answered with an error. `message` is its public sentence: what is wrong and what to do next. */
export class ApiRequestError extends Error {
  override readonly name = 'ApiRequestError';
  readonly status: number;
  /** What programs go by. A newer platform may send codes that this client does not know. */
  readonly code: RequestErrorCode;
  readonly detail: string;
  /** Names the request in the platform's log. */
  readonly requestId: string | null;
  /** What is wrong with which field. */
  readonly errors: readonly FieldError[];
  /** When the platform wants to be asked again, in milliseconds from its answer. */
  readonly retryAfterMs: number | null;

  constructor(problem: {
    status: number;
    code: RequestErrorCode;
    detail: string;
    requestId: string | null;
    errors?: readonly FieldError[];
    retryAfterMs?: number | null;
  }) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.requestId = problem.requestId;
    this.errors = problem.errors ?? [];
    this.retryAfterMs = problem.retryAfterMs ?? null;
  }
}

/** Whether a caught value is the error with this code: `if (isApiError(error, 'not_found')) …`. */
export function isApiError(error: unknown, code?: RequestErrorCode): error is ApiRequestError {
  return error instanceof ApiRequestError && (code === undefined || error.code === code);
}
