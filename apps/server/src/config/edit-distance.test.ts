import { expect, it } from 'vitest';
import { editDistance } from './edit-distance.ts';

it.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['MAX_AGENT', 'MAX_AGENTS', 1],
  ['MAX_AGNETS', 'MAX_AGENTS', 2],
  ['kitten', 'sitting', 3],
  ['flaw', 'lawn', 2],
])('%j and %j: %i', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});
