import { expect, it } from 'vitest';
import type { Usage } from '../limits.ts';
import { judgeUsage, UNWATCHED, type Watched } from './judge-usage.ts';

const MIB = 1024 * 1024;
const limits = { memoryMb: 512, cpuPercent: 50, pids: 100, diskMb: 100 };
const cgroup = { memory: 'cgroup-v2', pids: 'cgroup-v2', cpu: 'cgroup-v2', disk: 'watch' } as const;
const watch = { memory: 'watch', pids: 'watch', cpu: 'nice', disk: 'watch' } as const;
const calm: Usage = {
  memoryBytes: 100 * MIB,
  memoryPeakBytes: 100 * MIB,
  memoryKills: 0,
  pids: 20,
  pidsRefused: 0,
  cpuMicros: 0,
};

/** Looks a second apart. `looks`: what differs from a calm sandbox. @returns what was found at each. */
function follow(looks: (Partial<Usage> & { kills?: number })[], enforcement: typeof cgroup | typeof watch = cgroup) {
  let watched: Watched = UNWATCHED;
  return looks.map(({ kills = 0, ...look }, second) => {
    const seen = { usage: { ...calm, ...look }, kills, at: second * 1000 };
    const judged = judgeUsage(watched, seen, { limits, enforcement, bounds: { cpuWindowMs: 3_000 } });
    watched = judged.watched;
    return judged.findings.map((finding) => {
      if (finding.do === 'throttle') return finding.on ? 'throttle' : 'release';
      if (finding.do === 'yield') return finding.on ? 'yield' : 'take';
      return finding.do === 'tell' ? finding.event.outcome : finding.do;
    });
  });
}

/** Processor time at each look, for so many percent of a core in the second before it. */
function burning(percents: number[]): Partial<Usage>[] {
  let cpuMicros = 0;
  return percents.map((percent) => {
    cpuMicros += percent * 10_000;
    return { cpuMicros };
  });
}

it('finds nothing in a calm sandbox', () => {
  expect(follow([{}, {}, {}])).toEqual([[], [], []]);
});

it('throttles only after the whole window above the limit, and releases after as long a calm', () => {
  const weight = ['yield', 'take'];
  const quota = (percents: number[]) =>
    follow(burning(percents))
      .flat()
      .filter((found) => !weight.includes(found));
  expect(quota([0, 90, 90, 90])).toEqual(['throttle']);
  // A burst that ends before the window does is not held down.
  expect(quota([0, 90, 0, 0, 90, 0, 0])).toEqual([]);
  // Held to its limit it is not calm.
  expect(quota([0, 90, 90, 90, 50, 50, 50, 50, 50])).toEqual(['throttle']);
  expect(quota([0, 90, 90, 90, 10, 10, 10])).toEqual(['throttle', 'release']);
});

it('lets the others go first as soon as it takes more than its share, until it has been calm for a while', () => {
  const found = follow(burning([0, 90, 0, 0, 90, 0, 0, 0, 0, 0, 0]));
  expect(found).toEqual([[], ['yield'], [], [], [], [], [], [], [], ['take'], []]);
});

it('ends a storm of forks, and not a moment of many processes', () => {
  const crowd = (pidsRefused: number) => ({ pids: 99, pidsRefused });
  expect(follow([{}, crowd(5), crowd(9), crowd(14)])).toEqual([[], ['refused'], [], ['end']]);
  // It stands near its limit and asks for no more.
  expect(follow([{}, crowd(5), crowd(5), crowd(5), crowd(5)]).flat()).toEqual(['refused']);
});

it('does itself what no kernel does', () => {
  expect(follow([{ pids: 101, pidsRefused: null }], watch)).toEqual([['end']]);
  expect(follow([{ memoryBytes: 513 * MIB }], watch)).toEqual([['kill_largest']]);
  expect(follow([{ memoryBytes: 513 * MIB }], cgroup)).toEqual([[]]);
});

it('tells of killed processes one look later: the agent may have been among them', () => {
  expect(follow([{ kills: 1 }, { kills: 1 }, {}])).toEqual([[], ['tell_kills'], []]);
});
