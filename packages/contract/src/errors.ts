/** Every error that the platform answers with. `title` is the short name of the kind; `detail` says what to do next. */
export const ERRORS = {
  malformed_json: { status: 400, retryable: false, title: 'The body is not valid JSON' },
  bad_request: { status: 400, retryable: false, title: 'The request cannot be read' },
  invalid_request: { status: 422, retryable: false, title: 'The request is not valid' },
  authentication_required: { status: 401, retryable: false, title: 'An API key is required' },
  invalid_api_key: { status: 401, retryable: false, title: 'The API key is not valid' },
  budget_exceeded: { status: 402, retryable: false, title: 'The budget is used up' },
  missing_scope: { status: 403, retryable: false, title: 'The API key lacks a scope' },
  not_found: { status: 404, retryable: false, title: 'Not found' },
  agent_stopped: { status: 409, retryable: false, title: 'The agent is stopped' },
  agent_failed: { status: 409, retryable: false, title: 'The agent is in error' },
  key_ended: { status: 409, retryable: false, title: 'The key is revoked, expired or replaced' },
  too_many_keys: { status: 409, retryable: false, title: 'The workspace has too many keys' },
  workspace_archived: { status: 409, retryable: false, title: 'The workspace is archived' },
  workspace_protected: { status: 409, retryable: false, title: 'The workspace cannot be changed by itself' },
  approval_decided: { status: 409, retryable: false, title: 'The approval was decided otherwise' },
  approval_cancelled: { status: 409, retryable: false, title: 'The approval is not asked for any more' },
  no_longer_kept: { status: 410, retryable: false, title: 'It is no longer kept' },
  approval_expired: { status: 410, retryable: false, title: 'The approval has expired' },
  agent_busy: { status: 409, retryable: true, title: 'The agent works on a turn' },
  already_exists: { status: 409, retryable: false, title: 'It exists already' },
  directory_not_empty: { status: 409, retryable: false, title: 'The directory is not empty' },
  directory_too_large: { status: 409, retryable: false, title: 'The directory is too large' },
  not_a_directory: { status: 409, retryable: false, title: 'It is not a directory' },
  not_a_file: { status: 409, retryable: false, title: 'It is not a file' },
  path_not_allowed: { status: 409, retryable: false, title: 'The path cannot be used' },
  precondition_failed: { status: 412, retryable: false, title: 'It is not what you expected' },
  range_not_satisfiable: { status: 416, retryable: false, title: 'The range lies outside of the file' },
  invalid_archive: { status: 422, retryable: false, title: 'The archive is not valid' },
  directory_elsewhere: { status: 503, retryable: true, title: 'The directory lies on another node' },
  storage_full: { status: 507, retryable: false, title: 'The disk is full' },
  version_conflict: { status: 409, retryable: false, title: 'The agent was changed meanwhile' },
  main_session: { status: 409, retryable: false, title: 'The main session lives as long as its agent' },
  idempotency_mismatch: { status: 409, retryable: false, title: 'The Idempotency-Key was used with another request' },
  idempotency_in_progress: {
    status: 409,
    retryable: true,
    title: 'The request with this Idempotency-Key is under way',
  },
  idempotency_answer_gone: {
    status: 409,
    retryable: false,
    title: 'The answer to this Idempotency-Key is not kept',
  },
  payload_too_large: { status: 413, retryable: false, title: 'The body is too large' },
  uri_too_long: { status: 414, retryable: false, title: 'The address is too long' },
  unsupported_media_type: { status: 415, retryable: false, title: 'The content type is not supported' },
  headers_too_large: { status: 431, retryable: false, title: 'The headers are too large' },
  turn_failed: { status: 502, retryable: false, title: 'The turn failed' },
  rate_limited: { status: 429, retryable: true, title: 'Too many requests' },
  too_many_webhooks: { status: 409, retryable: false, title: 'The workspace has as many webhooks as it may' },
  webhook_disabled: { status: 409, retryable: false, title: 'The webhook is disabled' },
  queue_full: { status: 429, retryable: true, title: 'Too many messages wait for this agent' },
  no_place: { status: 429, retryable: true, title: 'Too many agents wait for a place' },
  internal: { status: 500, retryable: true, title: 'The platform failed' },
  not_available_yet: { status: 501, retryable: false, title: 'Not available yet' },
  draining: { status: 503, retryable: true, title: 'The node is shutting down' },
  database_unavailable: { status: 503, retryable: true, title: 'The database is away' },
  unavailable: { status: 503, retryable: true, title: 'The platform cannot serve this now' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** One thing wrong with one field of a request. `field` is a path such as `config.model`. */
export interface FieldError {
  field: string;
  message: string;
}

/** RFC 9457 problem details, as every route of the operations API answers them. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  retryable: boolean;
  request_id: string;
  errors?: FieldError[];
}

/**
 * An error with a public sentence. Throw it from anywhere below a route: the API renders it.
 * `cause` goes to the log alone.
 */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly errors: FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; errors?: FieldError[]; retryAfterSeconds?: number } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}
