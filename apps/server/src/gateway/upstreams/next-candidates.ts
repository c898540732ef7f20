import type { Candidate } from './fleet.ts';

/**
 * Whom to ask, in order: those that are not left alone just now. When all of them are, the one that may be tried again
 * first, for its request can wait that long.
 */
export function nextCandidates(serving: Candidate[]): Candidate[] {
  const [only] = serving;
  if (serving.length < 2) return only ? [only] : [];
  const waits = serving.map(({ upstream }) => (upstream.breaker ? (upstream.breaker.waitMs ?? Infinity) : 0));
  const ready = serving.filter((_, index) => waits[index] === 0);
  if (ready.length > 0) return ready;
  return [serving[waits.indexOf(Math.min(...waits))] as Candidate];
}
