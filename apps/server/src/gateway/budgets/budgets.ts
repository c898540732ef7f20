import { newId } from '@aaas/contract/ids';
import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { addNotice } from '../../sessions/log/add-notice.ts';
import { startPings } from '../answers/pings.ts';
import { endWithError } from '../answers/send-failure.ts';
import { errorBody, type GatewayError, sendError } from '../anthropic-error.ts';
import type { Call } from '../gateway-context.ts';
import type { ModelRequest } from '../ledger/model-request.ts';
import { DATABASE_BACKOFF_CAP_MS, DATABASE_BACKOFF_MS, DATABASE_TRIES } from '../limits.ts';
import { scanBody } from '../request/scan-body.ts';
import type { Fleet } from '../upstreams/fleet.ts';
import type { RetryPolicy } from '../upstreams/retry-policy.ts';
import { amounts } from './budget-line.ts';
import { describeExhausted } from './describe-exhausted.ts';
import { estimateCost } from './estimate-cost.ts';
import { giveWarnings } from './give-warnings.ts';
import { type Decision, RESERVATION_TTL_S, release, renewReservations, reserve } from './reserve.ts';
import { Waiters } from './waiters.ts';

/** For so long an agent that has no limit is not asked about again. */
const UNLIMITED_TTL_MS = 2_000;
const MAX_REMEMBERED = 10_000;
const NO_LIMIT = async () => {};

const NO_DATABASE: GatewayError = { status: 503, message: 'The budget cannot be checked now; try again later.' };
const UNPRICED: GatewayError = {
  status: 402,
  message:
    'A budget in USD holds for this agent, and no price is known for the model that it asks. Choose a model of the price table, or set the budget in tokens.',
};

/** Lets model requests through while there is money for them. */
export interface Budgets {
  /**
   * Resolves when a request may be sent, with what to call when it is over and in the ledger; with null when it was
   * refused and has its answer. A request waits while those that run may use up the rest. Rejects when the client is
   * gone.
   */
  admit(call: Call): Promise<(() => Promise<void>) | null>;
  /** A row was written: warns of the limits that it brought near. Never rejects. */
  onWritten(row: ModelRequest): Promise<void>;
  close(): Promise<void>;
}

export function createBudgets(pool: Pool, log: Logger, policy: RetryPolicy, fleet: Pick<Fleet, 'serving'>): Budgets {
  const unlimited = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: UNLIMITED_TTL_MS });
  const given = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  /** The sessions of requests with a reservation, by its id. */
  const held = new Map<string, string>();
  /** Sessions that a limit holds for. */
  const limited = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  const waiters = new Waiters();
  const stubbornly = retry(handleAll, {
    maxAttempts: DATABASE_TRIES - 1,
    backoff: new ExponentialBackoff({ initialDelay: DATABASE_BACKOFF_MS, maxDelay: DATABASE_BACKOFF_CAP_MS }),
  });
  const renewal = setInterval(
    () => {
      if (held.size > 0) {
        renewReservations(pool, [...held.keys()]).catch((err) =>
          log.warn({ err }, 'failed to renew the reservations of budgets'),
        );
      }
    },
    (RESERVATION_TTL_S * 1000) / 3,
  );
  renewal.unref();

  function hold(call: Call, id: string): () => Promise<void> {
    const { sessionId, workspaceId } = call.principal;
    held.set(id, sessionId);
    limited.set(sessionId, true);
    return async () => {
      held.delete(id);
      // One that stays is void in a minute.
      await release(pool, id).catch((err) => log.warn({ err }, 'failed to release the reservation of a budget'));
      waiters.wake(workspaceId);
    };
  }

  async function refuse(call: Call, decision: Decision): Promise<void> {
    if (decision.verdict === 'unpriced') return answer(call, UNPRICED);
    const message = describeExhausted(decision);
    const { workspaceId, sessionId } = call.principal;
    const { turnId } = decision;
    if (turnId !== null) {
      const body = { scope: decision.scope, period: decision.span, ...amounts(decision), message };
      // The id follows from the turn's: requests of one turn that are refused together say so once.
      const id = turnId.replace(/^turn_/, 'sevt_');
      const notice = { sessionId, workspaceId, turnId, id, type: 'x.budget_exceeded', body };
      await addNotice(pool, notice, new Date(policy.wall()));
    }
    log.info({ session_id: sessionId, scope: decision.scope, span: decision.span }, 'a budget is used up');
    answer(call, { status: 402, message });
  }

  return {
    async admit(call) {
      const { principal, body } = call;
      if (unlimited.has(principal.agentId)) return NO_LIMIT;
      const facts = scanBody(body);
      if (!facts) return NO_LIMIT; // It is no request, and goes nowhere.
      const candidates = await fleet.serving(principal, facts.model);
      if (candidates.length === 0) return NO_LIMIT; // Nobody serves it.
      const estimate = estimateCost(facts, body.length, candidates);
      const id = newId('mreq');
      let pings: { stop(): void } | null = null;
      try {
        for (;;) {
          const now = new Date(policy.wall());
          const decision = await stubbornly.execute(() => reserve(pool, { id, principal, estimate }, now));
          if (!decision) {
            unlimited.set(principal.agentId, true);
            limited.delete(principal.sessionId);
            return NO_LIMIT;
          }
          if (decision.verdict === 'admitted') return hold(call, id);
          if (decision.verdict !== 'wait') {
            pings?.stop();
            await refuse(call, decision);
            return null;
          }
          if (facts.stream) pings ??= startPings(call.res, policy.pingEveryMs);
          await waiters.wait(principal.workspaceId, call.signal);
        }
      } catch (err) {
        if (call.signal.aborted) throw err;
        log.error({ err, session_id: principal.sessionId }, 'a budget cannot be checked');
        answer(call, NO_DATABASE);
        return null;
      } finally {
        pings?.stop();
      }
    },
    async onWritten({ principal }) {
      if (!limited.has(principal.sessionId)) return;
      try {
        await giveWarnings(pool, principal, given, new Date(policy.wall()));
      } catch (err) {
        // The next request of the session looks again.
        log.warn({ err, session_id: principal.sessionId }, 'failed to look after the budgets of a session');
      }
    },
    async close() {
      clearInterval(renewal);
    },
  };
}

function answer({ res }: Call, error: GatewayError): void {
  if (res.headersSent) endWithError(res, errorBody(error));
  else sendError(res, error);
}
