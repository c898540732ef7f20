import type { Call, GatewayContext } from './gateway-context.ts';
import type { Course } from './ledger/entry-of.ts';
import { StaleGeneration } from './stale-generation.ts';
import { type Attempt, attempt, type UpstreamRequest } from './upstreams/attempt.ts';
import type { Candidate } from './upstreams/fleet.ts';
import { describeFailure, isOutage, isUpstreamsFault, refusesKey } from './upstreams/judge-attempt.ts';
import { nextCandidates } from './upstreams/next-candidates.ts';
import { refusalOf } from './upstreams/refusal-of.ts';
import { upstreamHeaders } from './upstreams/request-headers.ts';
import { sendWithRetries } from './upstreams/send-with-retries.ts';
import type { OpenUpstream } from './upstreams/upstream.ts';

/** What to send to whoever serves `model`; empty: whoever there is. */
export interface Outgoing {
  model: string;
  /** In the words of an upstream that calls the model so. */
  requestFor(model: string): Omit<UpstreamRequest, 'headers'>;
}

/** What came of it, and from whom. Call `release` when nothing more is read from the upstream. */
export interface Sent {
  outcome: Attempt;
  upstream: OpenUpstream;
  release(): void;
}

/**
 * Sends a call to the upstreams that serve its model, one after the other and to each again where that helps, until one
 * answers; null: nobody serves it. Nothing of an answer has been passed on before this resolves. Notes the call's course.
 * Rejects when the client is gone and with StaleGeneration when the session was lost meanwhile.
 */
export async function sendUpstream(
  context: GatewayContext,
  call: Call,
  outgoing: Outgoing,
  course: Course,
): Promise<Sent | null> {
  const candidates = nextCandidates(await context.fleet.serving(call.principal, outgoing.model));
  for (const [index, candidate] of candidates.entries()) {
    const isLast = index === candidates.length - 1;
    const sent = await sendTo(context, call, outgoing, candidate, isLast, course);
    if (!isUpstreamsFault(sent.outcome)) return sent;
    if (refusesKey(sent.outcome)) tellOperator(context, sent);
    const elapsedMs = context.policy.now() - call.startedAt;
    if (isLast || elapsedMs >= context.settings.UPSTREAM_FAILOVER_SECONDS * 1000) return sent;
    context.log.warn(
      { session_id: call.principal.sessionId, upstream: sent.upstream.name, failure: describeFailure(sent.outcome) },
      'a model request goes on to another upstream',
    );
    if (sent.outcome.kind === 'stream') sent.outcome.rest.cancel();
    sent.release();
    context.onActivity(call.principal.sessionId, 'retry');
    await requireGeneration(context, call);
  }
  return null;
}

/** Sends to one upstream, again where that helps. */
async function sendTo(
  context: GatewayContext,
  call: Call,
  outgoing: Outgoing,
  { upstream, model }: Candidate,
  isLast: boolean,
  course: Course,
): Promise<Sent> {
  const request = { ...outgoing.requestFor(model), headers: upstreamHeaders(call.req.headers, upstream) };
  const { policy, settings } = context;
  const { sessionId, workspaceId } = call.principal;
  let release = () => {};
  try {
    const outcome = await sendWithRetries(
      {
        async send() {
          // Nobody waits for a place at an upstream that is left alone.
          if (upstream.breaker && upstream.breaker.waitMs !== 0) return denied(upstream, 'breaker', isLast);
          const place = await upstream.places.take(workspaceId, call.signal);
          if (!place) return denied(upstream, 'places', isLast);
          release = place;
          const permit = upstream.breaker?.admit(workspaceId);
          if (permit === null) return denied(upstream, 'breaker', isLast);
          course.attempts++;
          upstream.attempts++;
          try {
            const came = await attempt(upstream, request, call.signal, {
              onSent() {
                course.reached = { upstream, model };
                course.status = 0;
              },
              onStatus(status) {
                course.status = status;
              },
            });
            if (isOutage(came)) permit?.failed();
            else permit?.succeeded();
            if (isUpstreamsFault(came)) noteFailure(upstream, came);
            return came;
          } finally {
            permit?.abandoned();
          }
        },
        onRetry(failed, pauseMs) {
          // A place is for who uses it.
          release();
          context.onActivity(sessionId, 'retry');
          const err = failed.kind === 'broken' ? failed.cause : undefined;
          const { status } = failed;
          context.log.info(
            { session_id: sessionId, upstream: upstream.name, status, attempt: course.attempts, pauseMs, err },
            'a model request failed and is tried again',
          );
        },
        mayGoOn: () => requireGeneration(context, call),
      },
      isLast ? policy : { ...policy, maxRetries: settings.UPSTREAM_FAILOVER_RETRIES },
      call.signal,
    );
    if (outcome.kind !== 'stream') release();
    return { outcome, upstream, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** An upstream that is left alone is waited for when there is no other; who waited for a place has waited enough. */
function denied(upstream: OpenUpstream, reason: 'breaker' | 'places', isLast: boolean): Attempt {
  const retryAfterMs = reason === 'breaker' ? (upstream.breaker?.waitMs ?? null) : null;
  return { kind: 'denied', status: 529, reason, retryAfterMs, final: reason === 'places' || !isLast };
}

function noteFailure(upstream: OpenUpstream, failed: Attempt): void {
  upstream.failures++;
  upstream.lastFailure = { at: new Date(), status: failed.status, message: describeFailure(failed) };
}

async function requireGeneration(context: GatewayContext, call: Call): Promise<void> {
  if ((await context.principals.resolve(call.claim)) === null) throw new StaleGeneration();
}

function tellOperator(context: GatewayContext, { outcome, upstream }: Sent): void {
  const said = refusalOf(outcome, upstream.secrets);
  context.log.error({ upstream: upstream.name, status: outcome.status, said }, 'a model provider refuses its key');
}
