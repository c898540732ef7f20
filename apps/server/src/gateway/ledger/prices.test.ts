import { expect, test } from 'vitest';
import { PRICE_VERSION, priceOf } from './prices.ts';

const MILLION = 1_000_000;
const each = (tokens: number) => ({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadInputTokens: tokens,
  cacheCreation5mInputTokens: tokens,
  cacheCreation1hInputTokens: tokens,
});
const none = each(0);
const usd = (amount: number) => Math.round(amount * 1e9);

/** USD for a million of: input, output, cache read, five-minute write, one-hour write. */
test.each([
  ['claude-fable-5-1', 10, 50, 0.25, 12.5, 20],
  ['claude-mythos-5-1', 10, 50, 0.25, 12.5, 20],
  ['claude-fable-5', 10, 50, 1, 12.5, 20],
  ['claude-mythos-5', 10, 50, 1, 12.5, 20],
  ['claude-opus-5-5', 4, 20, 0.2, 5, 8],
  ['claude-opus-5', 5, 25, 0.5, 6.25, 10],
  ['claude-opus-4-8', 5, 25, 0.5, 6.25, 10],
  ['claude-opus-4-7', 5, 25, 0.5, 6.25, 10],
  ['claude-opus-4-6', 5, 25, 0.5, 6.25, 10],
  ['claude-opus-4-5', 5, 25, 0.5, 6.25, 10],
  ['claude-sonnet-5-5', 2, 10, 0.1, 2.5, 4],
  ['claude-sonnet-5', 2, 10, 0.2, 2.5, 4],
  ['claude-sonnet-4-6', 3, 15, 0.3, 3.75, 6],
  ['claude-sonnet-4-5', 3, 15, 0.3, 3.75, 6],
  ['claude-haiku-4-5', 1, 5, 0.1, 1.25, 2],
])('%s', (model, input, output, read, write5m, write1h) => {
  for (const name of [model, `${model}-20260929`, `${model}@20260929`, `${model}-latest`]) {
    const cost = (part: Partial<typeof none>) => priceOf(name, { ...none, ...part })?.nanousd;
    expect(cost({ inputTokens: MILLION })).toBe(usd(input));
    expect(cost({ outputTokens: MILLION })).toBe(usd(output));
    expect(cost({ cacheReadInputTokens: MILLION })).toBe(usd(read));
    expect(cost({ cacheCreation5mInputTokens: MILLION })).toBe(usd(write5m));
    expect(cost({ cacheCreation1hInputTokens: MILLION })).toBe(usd(write1h));
    expect(priceOf(name, none)).toEqual({ nanousd: 0, version: PRICE_VERSION });
  }
});

test('haiku-5-5 costs five times as much above 100,000 tokens of prompt, whatever they are made of', () => {
  const prompt = {
    inputTokens: 1,
    cacheReadInputTokens: 99_000,
    cacheCreation5mInputTokens: 900,
    cacheCreation1hInputTokens: 99,
  };
  const small = priceOf('claude-haiku-5-5', { ...prompt, outputTokens: 10 });
  expect(small?.nanousd).toBe(1 * 100 + 99_000 * 10 + 900 * 125 + 99 * 200 + 10 * 500);
  const large = priceOf('claude-haiku-5-5-20260901', { ...prompt, inputTokens: 2, outputTokens: 10 });
  expect(large?.nanousd).toBe(2 * 500 + 99_000 * 50 + 900 * 625 + 99 * 1000 + 10 * 2500);
});

test('one token is priced exactly', () => {
  expect(priceOf('claude-fable-5-1', each(1))?.nanousd).toBe(10_000 + 50_000 + 250 + 12_500 + 20_000);
  expect(priceOf('claude-haiku-5-5', each(1))?.nanousd).toBe(100 + 500 + 10 + 125 + 200);
});

test.each([
  'claude-fable-5-2',
  'claude-mythos-5-2',
  'claude-fable-5-2-20261001',
  'claude-fable-5-10',
  'claude-fable-6',
  'claude-opus-5-6',
  'claude-opus-5-55',
  'claude-opus-50',
  'claude-opus-4-5-1',
  'claude-opus-4-1',
  'claude-opus-4-2026092',
  'claude-opus-4-5-202609291',
  'claude-sonnet-4',
  'claude-sonnet-5-fast',
  'opus-5',
  '',
])('%j has no price rather than a relative’s', (model) => {
  expect(priceOf(model, each(1))).toBeNull();
});
