import { ApiRequestError } from '../api-request-error.ts';
import type { Schema } from '../operations/operation-types.ts';

/** The error behind an answer outside 2xx; also when a proxy has made it, which writes pages and no problems. */
export async function readProblem(response: Response): Promise<ApiRequestError> {
  const text = await response.text();
  const problem = parse(text);
  return new ApiRequestError({
    status: response.status,
    code: problem?.code ?? `http_${response.status}`,
    detail: problem?.detail ?? `The server answered ${response.status} ${response.statusText}`.trimEnd().concat('.'),
    requestId: problem?.request_id ?? response.headers.get('request-id'),
    ...(problem?.errors ? { errors: problem.errors } : {}),
    retryAfterMs: readRetryAfter(response.headers.get('retry-after')),
  });
}

function parse(text: string): Schema<'Problem'> | null {
  try {
    const value = JSON.parse(text) as Schema<'Problem'> | null;
    return typeof value?.code === 'string' && typeof value.detail === 'string' ? value : null;
  } catch {
    return null;
  }
}

/** Seconds or a date, as RFC 9110 has it. */
function readRetryAfter(header: string | null): number | null {
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(ms, 0) : null;
}
