import { expect, test } from 'vitest';
import { UsageTally } from './usage.ts';

function tally(...said: unknown[]) {
  const sum = new UsageTally();
  for (const usage of said) sum.add(usage);
  return sum.usage;
}

test('of each count the last value wins, and what is not said again stays', () => {
  expect(
    tally(
      { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 5 },
      { output_tokens: 7 },
      { output_tokens: 20, input_tokens: 12, cache_read_input_tokens: null },
    ),
  ).toMatchObject({ inputTokens: 12, outputTokens: 20, cacheReadInputTokens: 5 });
});

test('cache writes are told apart by their life; without that they live five minutes', () => {
  expect(tally({ cache_creation_input_tokens: 30 })).toMatchObject({
    cacheCreation5mInputTokens: 30,
    cacheCreation1hInputTokens: 0,
  });
  const split = { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 };
  const parts = { cacheCreation5mInputTokens: 10, cacheCreation1hInputTokens: 20 };
  expect(tally({ cache_creation_input_tokens: 30, cache_creation: split })).toMatchObject(parts);
  expect(tally({ cache_creation: split })).toMatchObject(parts);
  // Told apart at the start, only the total at the end.
  expect(
    tally({ cache_creation_input_tokens: 30, cache_creation: split }, { cache_creation_input_tokens: 30 }),
  ).toMatchObject(parts);
  expect(tally({ cache_creation: split }, { cache_creation_input_tokens: 45 })).toMatchObject({
    cacheCreation5mInputTokens: 25,
    cacheCreation1hInputTokens: 20,
  });
});

test('what is no count is not counted', () => {
  const nothing = tally();
  for (const bad of [
    null,
    7,
    'x',
    [],
    { input_tokens: -1 },
    { output_tokens: 1.5 },
    { input_tokens: '9' },
    { cache_creation: 3 },
  ]) {
    expect(tally(bad)).toEqual(nothing);
  }
  expect(Number.isSafeInteger(tally({ output_tokens: 1e300 }).outputTokens)).toBe(true);
});
