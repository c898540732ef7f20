import { sendFailure } from './answers/send-failure.ts';
import { sendWhole } from './answers/send-whole.ts';
import { sendError } from './anthropic-error.ts';
import type { Call, GatewayContext } from './gateway-context.ts';
import type { Course } from './ledger/entry-of.ts';
import { redact } from './redact.ts';
import { sendUpstream } from './send-upstream.ts';
import { STALE, StaleGeneration } from './stale-generation.ts';
import type { Attempt } from './upstreams/attempt.ts';
import { clientHeaders } from './upstreams/response-headers.ts';

/** `count_tokens` and `models`: forwarded as they are, free of charge and so not in the ledger. */
export async function relayPlain(context: GatewayContext, call: Call, method: 'GET' | 'POST'): Promise<void> {
  const { apiKey } = context.upstream;
  const course: Course = { startedAt: call.startedAt, attempts: 0, reached: false, status: 0, firstByteAt: null };
  let outcome: Attempt;
  try {
    outcome = await sendUpstream(context, call, method, method === 'POST' ? call.body : null, course);
  } catch (error) {
    if (error instanceof StaleGeneration) return sendError(call.res, STALE);
    throw error;
  }
  if (outcome.kind === 'stream') {
    outcome.rest.cancel();
    sendError(call.res, { status: 502, message: 'The model provider answered with a stream where none was expected.' });
  } else if (outcome.kind === 'whole' && outcome.status < 300) {
    sendWhole(call.res, outcome.status, clientHeaders(outcome.headers, apiKey), redact(outcome.body, apiKey));
  } else sendFailure(call.res, outcome, apiKey);
}
