import { describe, expect, it } from 'vitest';
import { judgeSilence } from './judge-silence.ts';
import { judgeStall } from './judge-stall.ts';
import type { Vitals } from './process-vitals.ts';

const vitals = (state: string, ranNs = 100): Vitals => ({ state, ranNs });

// Silent for so long, as it was, as it is, what is said of it.
const SILENCES: [string, number, Vitals | null, Vitals | null, RegExp | null][] = [
  ['in time', 2_999, null, vitals('T'), null],
  ['stopped', 3_000, null, vitals('T'), /within 3\.0 s: the process is stopped/],
  ['held by a debugger', 3_000, null, vitals('t'), /stopped/],
  ['asleep: it may wait for a program', 5_999, vitals('S'), vitals('S'), null],
  ['asleep, at the first look', 6_000, null, vitals('S'), null],
  ['asleep, and has not run since', 6_500, vitals('S'), vitals('S'), /within 6\.5 s: the process is stuck/],
  ['asleep, but has run', 6_500, vitals('S'), vitals('S', 101), null],
  ['waits for a processor', 6_500, vitals('R'), vitals('R'), null],
  ['waits for a disk', 6_500, vitals('S'), vitals('D'), null],
  ['busy for too long', 9_000, vitals('R'), vitals('R', 999), /busy with itself/],
  ['its exit is on the way', 6_500, vitals('S'), null, null],
  ['where there is no /proc', 9_000, null, null, /gone/],
];

describe('judgeSilence', () => {
  it.each(SILENCES)('%s', (_story, silentMs, before, now, said) => {
    const found = judgeSilence({ silentMs, timeoutMs: 3_000, before, now });
    if (said === null) expect(found).toBe(null);
    else expect(found).toMatch(said);
  });
});

describe('judgeStall', () => {
  const limits = { model: 900_000, stream: 300_000, tool: 0 };
  it.each([
    ['model', 899_999, null],
    ['model', 900_000, /900 s while it waited for the model \(STALL_MODEL_SECONDS\)/],
    ['stream', 300_000, /STALL_STREAM_SECONDS/],
    ['tool', 1e9, null],
    ['approval', 1e9, null],
  ] as const)('%s, silent for %d ms', (phase, silentMs, said) => {
    const found = judgeStall(phase, silentMs, limits);
    if (said === null) expect(found).toBe(null);
    else expect(found).toMatch(said);
  });
});
