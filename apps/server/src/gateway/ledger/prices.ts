import type { Usage } from './usage.ts';

/** Names the table below in each ledger row; a change of a price is a new version. */
export const PRICE_VERSION = '2026-11';

/** USD per million tokens. */
export interface Price {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
}

interface ModelPrice extends Price {
  /** Prices of prompts larger than `tokens`; all tokens of such a request cost these. */
  above?: { tokens: number; price: Price };
}

const price = (
  input: number,
  output: number,
  cacheRead: number,
  cacheWrite5m: number,
  cacheWrite1h: number,
): Price => ({
  input,
  output,
  cacheRead,
  cacheWrite5m,
  cacheWrite1h,
});

const PRICES: ReadonlyMap<string, ModelPrice> = new Map<string, ModelPrice>([
  ['claude-fable-5-1', price(10, 50, 0.25, 12.5, 20)],
  ['claude-mythos-5-1', price(10, 50, 0.25, 12.5, 20)],
  ['claude-fable-5', price(10, 50, 1, 12.5, 20)],
  ['claude-mythos-5', price(10, 50, 1, 12.5, 20)],
  ['claude-opus-5-5', price(4, 20, 0.2, 5, 8)],
  ['claude-opus-5', price(5, 25, 0.5, 6.25, 10)],
  ['claude-opus-4-8', price(5, 25, 0.5, 6.25, 10)],
  ['claude-opus-4-7', price(5, 25, 0.5, 6.25, 10)],
  ['claude-opus-4-6', price(5, 25, 0.5, 6.25, 10)],
  ['claude-opus-4-5', price(5, 25, 0.5, 6.25, 10)],
  ['claude-sonnet-5-5', price(2, 10, 0.1, 2.5, 4)],
  ['claude-sonnet-5', price(2, 10, 0.2, 2.5, 4)],
  ['claude-sonnet-4-6', price(3, 15, 0.3, 3.75, 6)],
  ['claude-sonnet-4-5', price(3, 15, 0.3, 3.75, 6)],
  [
    'claude-haiku-5-5',
    {
      ...price(0.1, 0.5, 0.01, 0.125, 0.2),
      above: { tokens: 100_000, price: price(0.5, 2.5, 0.05, 0.625, 1) },
    },
  ],
  ['claude-haiku-4-5', price(1, 5, 0.1, 1.25, 2)],
]);

// Longest first, so that claude-opus-5-5-20260901 is never taken for an opus-5.
const PREFIXES = [...PRICES.keys()].sort((a, b) => b.length - a.length);

// What may follow the name of a priced model: a date, with whatever a platform adds to it, or `latest`. Not a further
// version number: a model that the table does not know has no price, rather than a relative's.
const SAME_MODEL = /^(?:[-@]\d{8}(?!\d).*|-latest)?$/;

export interface Cost {
  /** Billionths of a US dollar: an integer. */
  nanousd: number;
  version: string;
}

/** The price of a model as the table has it; null when it has none. */
export function listPriceOf(model: string): ModelPrice | null {
  const prefix = PREFIXES.find((name) => model.startsWith(name) && SAME_MODEL.test(model.slice(name.length)));
  return (prefix !== undefined && PRICES.get(prefix)) || null;
}

/** What the tokens cost, or null when the table has no price for the model. */
export function priceOf(model: string, usage: Usage): Cost | null {
  const found = listPriceOf(model);
  if (!found) return null;
  const prompt =
    usage.inputTokens +
    usage.cacheReadInputTokens +
    usage.cacheCreation5mInputTokens +
    usage.cacheCreation1hInputTokens;
  const rate: Price = found.above && prompt > found.above.tokens ? found.above.price : found;
  const nanousd =
    usage.inputTokens * nanousdPerToken(rate.input) +
    usage.outputTokens * nanousdPerToken(rate.output) +
    usage.cacheReadInputTokens * nanousdPerToken(rate.cacheRead) +
    usage.cacheCreation5mInputTokens * nanousdPerToken(rate.cacheWrite5m) +
    usage.cacheCreation1hInputTokens * nanousdPerToken(rate.cacheWrite1h);
  return { nanousd, version: PRICE_VERSION };
}

/** USD per million tokens is thousands of nano-USD per token; every price of the table is a whole number of them. */
function nanousdPerToken(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1000);
}
