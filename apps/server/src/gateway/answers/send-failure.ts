import type { ServerResponse } from 'node:http';
import { errorBody, type GatewayError, sendError } from '../anthropic-error.ts';
import { redact } from '../redact.ts';
import type { Attempt } from '../upstreams/attempt.ts';
import { refusesKey } from '../upstreams/judge-attempt.ts';
import { clientHeaders } from '../upstreams/response-headers.ts';
import { OUTAGE_WORDS } from './outage-words.ts';
import { sendWhole } from './send-whole.ts';

/**
 * The client's last word on a request that failed: the upstream's own error, or ours when it sent none. To a client
 * that already hears pings it is an event.
 */
export function sendFailure(res: ServerResponse, failed: Attempt, secrets: readonly string[]): void {
  const own = ownError(failed);
  if (res.headersSent) endWithError(res, own ? errorBody(own) : errorOf(failed, secrets));
  else if (own || failed.kind !== 'whole') sendError(res, own ?? UNREACHABLE);
  else sendWhole(res, failed.status, clientHeaders(failed.headers, secrets), redact(failed.body, secrets));
}

/** Ends a stream that has begun with an `error` event. */
export function endWithError(res: ServerResponse, body: string): void {
  if (res.destroyed || res.writableEnded) return;
  res.end(`event: error\ndata: ${body}\n\n`);
}

const UNREACHABLE: GatewayError = { status: 502, message: OUTAGE_WORDS.unreachable };
const TOO_SLOW: GatewayError = { status: 504, message: OUTAGE_WORDS.tooSlow };
const NOT_UNDERSTOOD: GatewayError = {
  status: 502,
  message: 'The model provider sent an answer that cannot be passed on.',
};
// Not the provider's own 401, which the caller would take for a word on its own key, nor a 5xx, to which Claude Code
// adds that one should try again.
const KEY_REFUSED: GatewayError = {
  status: 424,
  message: "The platform's model provider refused its key; the operator must mend it.",
};
const NO_PLACE_RETRY_SECONDS = 5;
const NO_PLACE: GatewayError = {
  status: 529,
  message: 'All places at the model provider are taken; try again later.',
  retryAfterSeconds: NO_PLACE_RETRY_SECONDS,
};
const TIMEOUTS: ReadonlySet<string | undefined> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What we say in the upstream's place; null when it said itself what is wrong. Causes stay in our log. */
function ownError(failed: Attempt): GatewayError | null {
  if (failed.kind === 'denied') return failed.reason === 'places' ? NO_PLACE : leftAlone(failed.retryAfterMs);
  if (refusesKey(failed)) return KEY_REFUSED;
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

function leftAlone(retryAfterMs: number | null): GatewayError {
  return {
    status: 529,
    message: OUTAGE_WORDS.leftAlone,
    retryAfterSeconds: Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1000)),
  };
}

/** The upstream's error on one line, in the shape of the Messages API whatever shape it came in. */
function errorOf(failed: Attempt, secrets: readonly string[]): string {
  if (failed.kind === 'whole') {
    try {
      const body = JSON.parse(redact(failed.body, secrets).toString('utf8')) as { error?: { type?: unknown } };
      if (typeof body.error?.type === 'string') return JSON.stringify(body);
    } catch {
      // Not JSON: a proxy's page, most likely.
    }
  }
  return errorBody({ status: failed.status, message: `The model provider answered with status ${failed.status}.` });
}
