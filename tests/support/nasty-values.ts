/** Chance that can be repeated: the same seed gives the same choices. */
export interface RandomSource {
  /** From 0 up to 1. */
  next(): number;
  chance(probability: number): boolean;
  /** A whole number, both bounds included. */
  int(min: number, max: number): number;
  pick<T>(from: readonly T[]): T;
}

/** mulberry32: small, fast, and good enough to choose test data. */
export function randomSource(seed: number): RandomSource {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (from) => from[int(0, from.length - 1)] as never,
  };
}

const TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '\udc00\ud800',
  '\ufffe\uffff',
  '\u202e\u2066',
  '💥',
  'é́́́',
  'x'.repeat(10_000),
  '0',
  '-1',
  '1e3',
  '1.5',
  '0x10',
  'NaN',
  'Infinity',
  '9007199254740993',
  '99999999999999999999999999',
  '-9223372036854775809',
  'true',
  'null',
  '[object Object]',
  '__proto__',
  'constructor',
  'toString',
  "'; drop table agents; --",
  '%s%n$1{{x}}',
  '../../etc/passwd',
  '\r\nset-cookie: a=b',
  '2026-01-01T00:00:00Z',
  '0000-00-00T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '+275760-09-13T00:00:00.000Z',
  '2026-02-30T25:61:61Z',
  'page_',
  'page_YXNjLmxvZy45OTk5OTk5OTk5OTk5OTk5OTk5OTk',
  'page_YXNjLmxvZy45OTk5OTk5OTk5OTk5OTk',
  'page_ZGVzYy5pbmJveC4w',
  'user.message',
  'agent.message',
];

const IDS = [
  '%00',
  'a%00b',
  '%ff',
  '%c0%af',
  '%ed%a0%80',
  '..',
  '../',
  '../../api/v1/agents',
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2fetc',
  '%',
  '%zz',
  '%u0041',
  '*',
  ':agent_id',
  '{agent_id}',
  '~',
  "'",
  '%27%20or%201=1--',
  '%22',
  '%0d%0aset-cookie:a=b',
  '%F0%9F%92%A5',
  '__proto__',
  'constructor',
  'null',
  'undefined',
  '0',
  '-1',
  ';a=b',
  'agent_',
  'agent_1',
  'sesn_1',
  'turn_1',
  'a'.repeat(128),
  'a'.repeat(129),
  'a'.repeat(4_097),
  'a'.repeat(9_000),
  '/'.repeat(200),
  '%2F'.repeat(200),
];

const VALUES: unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  -1e308,
  1e308,
  2 ** 31,
  2 ** 53 + 2,
  -(2 ** 63),
  [],
  {},
  [null],
  [[[[[]]]]],
  { length: -1 },
  { toString: 'x' },
  Array.from({ length: 1_000 }, (_, index) => index),
  Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`KEY_${index}`, 'v'])),
  { 'a b': 1, '': 2, '\ud800': 3 },
];

/** A text that has broken something somewhere before. */
export function nastyText(random: RandomSource): string {
  return random.pick(TEXTS);
}

/** A piece of a path, already encoded, or wrongly so. */
export function nastyId(random: RandomSource): string {
  return random.pick(IDS);
}

export function nastyValue(random: RandomSource): unknown {
  if (random.chance(0.5)) return nastyText(random);
  if (random.chance(0.1)) return { [nastyText(random)]: nastyValue(random) };
  if (random.chance(0.1)) return [nastyValue(random), nastyValue(random)];
  return random.pick(VALUES);
}
