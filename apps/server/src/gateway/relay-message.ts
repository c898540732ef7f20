import { forwardStream } from './answers/forward-stream.ts';
import { startPings } from './answers/pings.ts';
import { endWithError, sendFailure } from './answers/send-failure.ts';
import { sendWhole } from './answers/send-whole.ts';
import { errorBody, sendError } from './anthropic-error.ts';
import type { Call, GatewayContext } from './gateway-context.ts';
import { type Course, entryOf } from './ledger/entry-of.ts';
import { NOTHING_READ, type Reading, readMessage } from './ledger/read-message.ts';
import { SseMeter } from './ledger/sse-meter.ts';
import { redact } from './redact.ts';
import { scanBody } from './request/scan-body.ts';
import { setTemperature } from './request/set-temperature.ts';
import { sendUpstream } from './send-upstream.ts';
import { STALE, StaleGeneration } from './stale-generation.ts';
import type { Attempt } from './upstreams/attempt.ts';
import { clientHeaders } from './upstreams/response-headers.ts';

/** `POST /v1/messages`: sent on, metered, and in the ledger before the client can know that it is over. */
export async function relayMessage(context: GatewayContext, call: Call): Promise<void> {
  const { res, principal } = call;
  const { upstream, policy } = context;
  const facts = scanBody(call.body);
  if (!facts) return sendError(res, { status: 400, message: 'The body of the request is not a JSON object.' });
  const body = principal.temperature === null ? call.body : setTemperature(call.body, facts, principal.temperature);
  const course: Course = { startedAt: call.startedAt, attempts: 0, reached: false, status: 0, firstByteAt: null };

  let recorded: Promise<void> | null = null;
  const record = (reading: Reading): Promise<void> => {
    if (!course.reached) return Promise.resolve();
    // A client that left did not get its answer whole, even if the upstream had finished it.
    const stopReason = call.signal.aborted ? null : reading.stopReason;
    const read = { usage: reading.usage, model: reading.model, stopReason };
    const time = { now: policy.now(), wall: policy.wall() };
    recorded ??= context.ledger.record(entryOf(principal, upstream, facts.model, course, read, time));
    return recorded;
  };

  const pings = facts.stream ? startPings(res, policy.pingEveryMs) : null;
  let outcome: Attempt;
  try {
    outcome = await sendUpstream(context, call, 'POST', body, course);
  } catch (error) {
    pings?.stop();
    await record(NOTHING_READ);
    if (!(error instanceof StaleGeneration)) throw error;
    return res.headersSent ? endWithError(res, errorBody(STALE)) : sendError(res, STALE);
  }
  pings?.stop();

  if (outcome.kind === 'stream') {
    const meter = new SseMeter();
    const broken = await forwardStream({
      ...outcome,
      res,
      meter,
      headers: clientHeaders(outcome.headers, upstream.apiKey),
      apiKey: upstream.apiKey,
      commit: () => record(meter),
      onData() {
        course.firstByteAt ??= policy.now();
        context.onActivity(principal.sessionId, 'data');
      },
    });
    if (broken && !call.signal.aborted) logFailure(context, call, course, broken, outcome);
    return;
  }
  if (outcome.kind === 'broken' || outcome.status > 299) {
    await record(NOTHING_READ);
    logFailure(context, call, course, outcome.kind === 'broken' ? outcome.cause : undefined, outcome);
    return sendFailure(res, outcome, upstream.apiKey);
  }
  course.firstByteAt = policy.now();
  await record(readMessage(outcome.body));
  if (res.headersSent) return sendFailure(res, outcome, upstream.apiKey); // Pinged: what it waits for is a stream.
  sendWhole(
    res,
    outcome.status,
    clientHeaders(outcome.headers, upstream.apiKey),
    redact(outcome.body, upstream.apiKey),
  );
}

function logFailure(context: GatewayContext, call: Call, course: Course, err: unknown, failed: Attempt): void {
  // Of the upstream's headers only what the client may see too: a key that it echoes belongs in no log either.
  const seen = failed.kind === 'broken' ? {} : clientHeaders(failed.headers, context.upstream.apiKey);
  context.log.warn(
    {
      session_id: call.principal.sessionId,
      upstream: context.upstream.name,
      status: course.status,
      attempts: course.attempts,
      upstream_request_id: seen['request-id'],
      err,
    },
    'a model request failed',
  );
}
