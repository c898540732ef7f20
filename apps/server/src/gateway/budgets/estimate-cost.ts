import { priceOf } from '../ledger/prices.ts';
import { NOTHING_READ } from '../ledger/read-message.ts';
import type { BodyFacts } from '../request/scan-body.ts';

/** What a model request may cost at most, as far as the request tells. */
export interface Estimate {
  tokens: number;
  /** null: one of those who may serve it calls it by a name that has no price. */
  nanousd: number | null;
}

/** Who may serve the request, and what he calls the model. */
interface Server {
  upstream: { simulated: boolean };
  model: string;
}

// Text has about four bytes to a token; three leave room.
const BYTES_PER_TOKEN = 3;
// More than any model reads, and than it writes.
const MAX_INPUT_TOKENS = 2_000_000;
const MAX_OUTPUT_TOKENS = 200_000;

/**
 * All of its prompt, written to the cache, and all of the answer that it allows, at the dearest of those who may serve
 * it: nobody knows yet who will.
 */
export function estimateCost(facts: BodyFacts, bytes: number, candidates: readonly Server[]): Estimate {
  const input = Math.min(Math.ceil(bytes / BYTES_PER_TOKEN), MAX_INPUT_TOKENS);
  const allowed = facts.maxTokens ?? MAX_OUTPUT_TOKENS;
  const output = allowed >= 0 && allowed <= MAX_OUTPUT_TOKENS ? Math.ceil(allowed) : MAX_OUTPUT_TOKENS;
  const usage = { ...NOTHING_READ.usage, outputTokens: output, cacheCreation5mInputTokens: input };
  const costs = candidates.map(({ upstream, model }) =>
    upstream.simulated ? 0 : (priceOf(model, usage)?.nanousd ?? null),
  );
  const nanousd = costs.includes(null) ? null : Math.max(0, ...(costs as number[]));
  return { tokens: input + output, nanousd };
}
