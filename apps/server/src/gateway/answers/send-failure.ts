import type { ServerResponse } from 'node:http';
import { errorBody, type GatewayError, sendError } from '../anthropic-error.ts';
import { redact } from '../redact.ts';
import type { Attempt } from '../upstreams/attempt.ts';
import { clientHeaders } from '../upstreams/response-headers.ts';
import { sendWhole } from './send-whole.ts';

/**
 * The client's last word on a request that failed: the upstream's own error, or ours when it sent none. To a client
 * that already hears pings it is an event.
 */
export function sendFailure(res: ServerResponse, failed: Attempt, apiKey: string | null): void {
  const own = ownError(failed);
  if (res.headersSent) endWithError(res, own ? errorBody(own) : errorOf(failed, apiKey));
  else if (own || failed.kind !== 'whole') sendError(res, own ?? UNREACHABLE);
  else sendWhole(res, failed.status, clientHeaders(failed.headers, apiKey), redact(failed.body, apiKey));
}

/** Ends a stream that has begun with an `error` event. */
export function endWithError(res: ServerResponse, body: string): void {
  if (res.destroyed || res.writableEnded) return;
  res.end(`event: error\ndata: ${body}\n\n`);
}

const UNREACHABLE: GatewayError = { status: 502, message: 'The model provider could not be reached.' };
const TOO_SLOW: GatewayError = { status: 504, message: 'The model provider did not answer in time.' };
const NOT_UNDERSTOOD: GatewayError = {
  status: 502,
  message: 'The model provider sent an answer that cannot be passed on.',
};
const TIMEOUTS: ReadonlySet<string | undefined> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What we say in the upstream's place; null when it said itself what is wrong. Causes stay in our log. */
function ownError(failed: Attempt): GatewayError | null {
  if (failed.kind === 'broken') {
    if (!failed.retryable) return NOT_UNDERSTOOD;
    return TIMEOUTS.has((failed.cause as { code?: string }).code) ? TOO_SLOW : UNREACHABLE;
  }
  if (failed.status < 400) return NOT_UNDERSTOOD;
  if (failed.kind === 'whole' && failed.body.length === 0) {
    return { status: failed.status, message: `The model provider answered with status ${failed.status}.` };
  }
  return null;
}

/** The upstream's error on one line, in the shape of the Messages API whatever shape it came in. */
function errorOf(failed: Attempt, apiKey: string | null): string {
  if (failed.kind === 'whole') {
    try {
      const body = JSON.parse(redact(failed.body, apiKey).toString('utf8')) as { error?: { type?: unknown } };
      if (typeof body.error?.type === 'string') return JSON.stringify(body);
    } catch {
      // Not JSON: a proxy's page, most likely.
    }
  }
  return errorBody({ status: failed.status, message: `The model provider answered with status ${failed.status}.` });
}
