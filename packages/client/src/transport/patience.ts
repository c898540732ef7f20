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
}

/** For requests that answer at once. */
export const QUICK: Patience = { attempts: 4, firstDelayMs: 200, maxDelayMs: 2_000 };
/** For what lasts: long enough for a server to be restarted. */
export const LASTING: Patience = { attempts: 15, firstDelayMs: 100, maxDelayMs: 5_000 };

// Whoever is told to come back later than this is better told so.
const RETRY_AFTER_MAX_MS = 60_000;

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
    const { firstDelayMs, maxDelayMs } = this.#patience;
    const backoff = Math.min(firstDelayMs * 2 ** (this.#failures - 1), maxDelayMs);
    // Clients that were cut off together must not come back together.
    const jittered = backoff * (0.5 + Math.random() / 2);
    const asked = failure instanceof ApiRequestError ? (failure.retryAfterMs ?? 0) : 0;
    if (asked > RETRY_AFTER_MAX_MS) throw failure;
    return Math.max(jittered, asked);
  }
}

/** Whether the same request may succeed a moment later. */
function mayPass(failure: unknown): boolean {
  if (failure instanceof ConnectionError) return true;
  if (!(failure instanceof ApiRequestError)) return false;
  // The codes are those of a proxy that does not reach the platform just now; the platform's own 502 is for good.
  return failure.status === 429 || failure.status === 503 || failure.code === 'http_502' || failure.code === 'http_504';
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
