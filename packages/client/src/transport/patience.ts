import { ApiRequestError } from '../api-request-error.ts';
import { ConnectionError } from '../connection-error.ts';
import { pause } from './pause.ts';

/** How long one goes on trying. */
export interface Patience {
  /** Tries in all, the first one included. */
  attempts: number;
  /** Before the second try; doubles with each one after it. */
  firstDelayMs: number;
  maxDelayMs: number;
  /** Whoever is told to come back later than this is told so instead. */
  maxRetryAfterMs: number;
}

/** For requests that answer at once. */
export const QUICK: Patience = { attempts: 4, firstDelayMs: 200, maxDelayMs: 2_000, maxRetryAfterMs: 60_000 };
/** For what lasts: long enough for a server to be restarted. */
export const LASTING: Patience = { attempts: 15, firstDelayMs: 100, maxDelayMs: 5_000, maxRetryAfterMs: 60_000 };

/** Counts the tries of one call. */
export class Tries {
  readonly #patience: Patience;
  #failures = 0;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  get failures(): number {
    return this.#failures;
  }

  /** It went on: what failed before counts no more. */
  reset(): void {
    this.#failures = 0;
  }

  /** How long to wait after this failure. @throws the failure itself when it lasts, or when patience is used up. */
  delayAfter(failure: unknown): number {
    this.#failures++;
    if (!mayPass(failure) || this.#failures >= this.#patience.attempts) throw failure;
    const { firstDelayMs, maxDelayMs, maxRetryAfterMs } = this.#patience;
    const backoff = Math.min(firstDelayMs * 2 ** (this.#failures - 1), maxDelayMs);
    // Clients that were cut off together must not come back together.
    const jittered = backoff * (0.5 + Math.random() / 2);
    const asked = failure instanceof ApiRequestError ? (failure.retryAfterMs ?? 0) : 0;
    if (asked > maxRetryAfterMs) throw failure;
    return Math.max(jittered, asked);
  }
}

// A proxy does not reach the platform just now (the platform's own 502 is for good), or the first try of the same
// request is still under way.
const PASSING_CODES = new Set<string>(['http_502', 'http_504', 'idempotency_in_progress']);

/** Whether the same request may succeed a moment later. */
function mayPass(failure: unknown): boolean {
  if (failure instanceof ConnectionError) return true;
  if (!(failure instanceof ApiRequestError)) return false;
  return failure.status === 429 || failure.status === 503 || PASSING_CODES.has(failure.code);
}

/** Tries until it succeeds. */
export async function withPatience<T>(
  patience: Patience,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  const tries = new Tries(patience);
  for (;;) {
    try {
      return await attempt();
    } catch (failure) {
      await pause(tries.delayAfter(failure), signal);
    }
  }
}
