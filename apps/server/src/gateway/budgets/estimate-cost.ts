import { priceOf } from '../ledger/prices.ts';
import type { BodyFacts } from '../request/scan-body.ts';

/** What a model request may cost at most, as far as the request tells. */
export interface Estimate {
  tokens: number;
  /** null: no price is known for the model. */
  nanousd: number | null;
}

// Text has about four bytes to a token; three leave room.
const BYTES_PER_TOKEN = 3;
// More than any model reads, and than it writes.
const MAX_INPUT_TOKENS = 2_000_000;
const MAX_OUTPUT_TOKENS = 200_000;

/** All of its prompt, written to the cache, and all of the answer that it allows. */
export function estimateCost(facts: BodyFacts, bytes: number): Estimate {
  const input = Math.min(Math.ceil(bytes / BYTES_PER_TOKEN), MAX_INPUT_TOKENS);
  const allowed = facts.maxTokens ?? MAX_OUTPUT_TOKENS;
  const output = allowed >= 0 && allowed <= MAX_OUTPUT_TOKENS ? Math.ceil(allowed) : MAX_OUTPUT_TOKENS;
  const cost = priceOf(facts.model, {
    inputTokens: 0,
    outputTokens: output,
    cacheReadInputTokens: 0,
    cacheCreation5mInputTokens: input,
    cacheCreation1hInputTokens: 0,
  });
  return { tokens: input + output, nanousd: cost?.nanousd ?? null };
}
