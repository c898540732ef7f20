import { forwardStream } from './answers/forward-stream.ts';
import { startPings } from './answers/pings.ts';
import { endWithError, sendFailure } from './answers/send-failure.ts';
import { sendWhole } from './answers/send-whole.ts';
import { errorBody, sendError } from './anthropic-error.ts';
import type { Call, GatewayContext } from './gateway-context.ts';
import { type Course, entryOf, newCourse } from './ledger/entry-of.ts';
import { NOTHING_READ, type Reading, readMessage } from './ledger/read-message.ts';
import { SseMeter } from './ledger/sse-meter.ts';
import { noUpstream } from './no-upstream.ts';
import { redact } from './redact.ts';
import { scanBody } from './request/scan-body.ts';
import { setModel } from './request/set-model.ts';
import { setTemperature } from './request/set-temperature.ts';
import { type Sent, sendUpstream } from './send-upstream.ts';
import { STALE, StaleGeneration } from './stale-generation.ts';
import { clientHeaders } from './upstreams/response-headers.ts';

/** `POST /v1/messages`: sent on, metered, and in the ledger before the client can know that it is over. */
export async function relayMessage(context: GatewayContext, call: Call): Promise<void> {
  const { res, principal } = call;
  const { policy } = context;
  const facts = scanBody(call.body);
  if (!facts) return sendError(res, { status: 400, message: 'The body of the request is not a JSON object.' });
  const body = principal.temperature === null ? call.body : setTemperature(call.body, facts, principal.temperature);
  const course = newCourse(call.startedAt);

  let recorded: Promise<void> | null = null;
  const record = (reading: Reading): Promise<void> => {
    if (!course.reached) return Promise.resolve();
    // A client that left did not get its answer whole, even if the upstream had finished it.
    const stopReason = call.signal.aborted ? null : reading.stopReason;
    // Nor did it get the count; it had the text before that, and must not have it for nothing.
    const passedTokens = call.signal.aborted ? reading.passedTokens : 0;
    const read = { usage: reading.usage, model: reading.model, stopReason, passedTokens };
    const time = { now: policy.now(), wall: policy.wall() };
    recorded ??= context.ledger.record(entryOf(principal, course.reached, course, read, time));
    return recorded;
  };

  const pings = facts.stream ? startPings(res, policy.pingEveryMs) : null;
  let sent: Sent | null;
  try {
    const requestFor = (model: string) => ({
      method: 'POST' as const,
      path: call.path,
      body: model === facts.model ? body : setModel(body, model),
    });
    sent = await sendUpstream(context, call, { model: facts.model, requestFor }, course);
  } catch (error) {
    pings?.stop();
    await record(NOTHING_READ);
    if (!(error instanceof StaleGeneration)) throw error;
    return res.headersSent ? endWithError(res, errorBody(STALE)) : sendError(res, STALE);
  }
  pings?.stop();
  if (!sent) return sendError(res, noUpstream(facts.model));
  try {
    await answer(context, call, course, sent, record);
  } finally {
    sent.release();
  }
}

async function answer(
  context: GatewayContext,
  call: Call,
  course: Course,
  { outcome, upstream }: Sent,
  record: (reading: Reading) => Promise<void>,
): Promise<void> {
  const { res, principal } = call;
  const { policy } = context;
  const { secrets } = upstream;
  if (outcome.kind === 'stream') {
    const meter = new SseMeter();
    const broken = await forwardStream({
      ...outcome,
      res,
      meter,
      headers: clientHeaders(outcome.headers, secrets),
      secrets,
      commit: () => record(meter),
      onData() {
        course.firstByteAt ??= policy.now();
        context.onActivity(principal.sessionId, 'data');
      },
    });
    if (broken && !call.signal.aborted) {
      upstream.failures++;
      upstream.lastFailure = { at: new Date(), status: course.status, message: 'it broke off its answer' };
      logFailure(context, call, course, broken, { outcome, upstream });
    }
    return;
  }
  if (outcome.kind !== 'whole' || outcome.status > 299) {
    await record(NOTHING_READ);
    logFailure(context, call, course, outcome.kind === 'broken' ? outcome.cause : undefined, { outcome, upstream });
    return sendFailure(res, outcome, secrets);
  }
  course.firstByteAt = policy.now();
  await record(readMessage(outcome.body));
  if (res.headersSent) return sendFailure(res, outcome, secrets); // Pinged: what it waits for is a stream.
  sendWhole(res, outcome.status, clientHeaders(outcome.headers, secrets), redact(outcome.body, secrets));
}

function logFailure(
  context: GatewayContext,
  call: Call,
  course: Course,
  err: unknown,
  { outcome, upstream }: Pick<Sent, 'outcome' | 'upstream'>,
): void {
  // Of the upstream's headers only what the client may see too: a key that it echoes belongs in no log either.
  const seen = 'headers' in outcome ? clientHeaders(outcome.headers, upstream.secrets) : {};
  context.log.warn(
    {
      session_id: call.principal.sessionId,
      upstream: upstream.name,
      status: course.status,
      attempts: course.attempts,
      upstream_request_id: seen['request-id'],
      err,
    },
    'a model request failed',
  );
}
