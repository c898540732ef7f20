import type { FieldError } from '@aaas/contract/errors';

/** The platform answered with an error. `message` is its public sentence: what is wrong and what to do next. */
export class ApiRequestError extends Error {
  override readonly name = 'ApiRequestError';
  readonly status: number;
  /** A code of the platform's catalogue; `http_<status>` when something between us and it has answered. */
  readonly code: string;
  readonly detail: string;
  /** Names the request in the platform's log. */
  readonly requestId: string | null;
  /** What is wrong with which field. */
  readonly errors: readonly FieldError[];
  /** When the platform wants to be asked again, in milliseconds from its answer. */
  readonly retryAfterMs: number | null;

  constructor(problem: {
    status: number;
    code: string;
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
