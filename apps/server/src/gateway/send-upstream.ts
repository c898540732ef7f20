import type { Call, GatewayContext } from './gateway-context.ts';
import type { Course } from './ledger/entry-of.ts';
import { StaleGeneration } from './stale-generation.ts';
import { type Attempt, attempt } from './upstreams/attempt.ts';
import { upstreamHeaders } from './upstreams/request-headers.ts';
import { sendWithRetries } from './upstreams/send-with-retries.ts';

/**
 * Sends a call to the upstream, again where that helps, and notes its course. Rejects when the client is gone and with
 * StaleGeneration when the session was lost meanwhile.
 */
export function sendUpstream(
  context: GatewayContext,
  call: Call,
  method: 'GET' | 'POST',
  body: Buffer | null,
  course: Course,
): Promise<Attempt> {
  const { upstream, policy, log } = context;
  const { sessionId } = call.principal;
  const headers = upstreamHeaders(call.req.headers, upstream.apiKey);
  return sendWithRetries(
    {
      send() {
        course.attempts++;
        course.status = 0;
        return attempt(upstream, { method, path: call.path, headers, body }, call.signal, {
          onSent: () => {
            course.reached = true;
          },
          onStatus: (status) => {
            course.status = status;
          },
        });
      },
      onRetry(failed, pauseMs) {
        context.onActivity(sessionId, 'retry');
        const err = failed.kind === 'broken' ? failed.cause : undefined;
        log.info(
          {
            session_id: sessionId,
            upstream: upstream.name,
            status: failed.status,
            attempt: course.attempts,
            pauseMs,
            err,
          },
          'a model request failed and is tried again',
        );
      },
      async mayGoOn() {
        if ((await context.principals.resolve(call.claim)) === null) throw new StaleGeneration();
      },
    },
    policy,
    call.signal,
  );
}
