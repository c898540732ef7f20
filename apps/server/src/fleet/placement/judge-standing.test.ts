import { expect, it } from 'vitest';
import { judgeStanding } from './judge-standing.ts';
import type { Standing, StandingNode } from './read-standing.ts';

const node = (id: string, more: Partial<StandingNode> = {}): StandingNode => ({
  ...{ id, region: null, labels: {}, capacity: 2, owned: 0, live: true, awayMs: 0 },
  ...{ draining: false, drained: false },
  ...more,
});
const SELF = { id: 'self', region: 'us', labels: {} };
const EU = JSON.stringify({ region: 'eu', policy: 'prefer' });
const ONLY_EU = JSON.stringify({ region: 'eu', policy: 'require' });
const GPU = JSON.stringify({ labels: { gpu: 'a100' } });
const us = node('self', { region: 'us' });

function judge(standing: Partial<Standing>, fullSince = new Map<string, number>(), now = 100_000) {
  return judgeStanding({ nodes: [], lanes: [], unplaced: [], lost: [], ...standing }, SELF, 30_000, fullSince, now);
}

it('counts who takes work, and sees who is lost and whether it drains', () => {
  const nodes = [us, node('b'), node('c', { live: false }), node('d', { draining: true })];
  expect(judge({ nodes, lost: ['c'] })).toMatchObject({ workers: 2, lost: true, draining: false });
  expect(judge({ nodes: [{ ...us, draining: true, drained: true }], lost: ['self'] })).toMatchObject({
    ...{ workers: 0, lost: false, draining: true, drained: true },
  });
});

it.each<[string, StandingNode[], boolean]>([
  ['not while a node of it has room', [node('b', { region: 'eu', owned: 1 })], false],
  ['not when its node left a moment ago', [node('b', { region: 'eu', live: false, awayMs: 29_000 })], false],
  ['when its node left long ago', [node('b', { region: 'eu', live: false, awayMs: 30_000 })], true],
  ['when nobody remembers a node of it', [], true],
  ['when its node has been draining for long', [node('b', { region: 'eu', draining: true, awayMs: 40_000 })], true],
  [
    'not when one of two left a moment ago',
    [node('b', { region: 'eu', live: false, awayMs: 90_000 }), node('c', { region: 'eu', live: false, awayMs: 5_000 })],
    false,
  ],
])('another region is away: %s', (_name, nodes, away) => {
  expect(judge({ nodes: [us, ...nodes], lanes: [EU] }).away).toEqual(away ? [EU] : []);
});

it('a region that is full is away when it has been so for long, without a break', () => {
  const fullSince = new Map<string, number>();
  const full = { nodes: [us, node('b', { region: 'eu', owned: 2 })], lanes: [EU] };
  const room = { nodes: [us, node('b', { region: 'eu', owned: 1 })], lanes: [EU] };
  expect(judge(full, fullSince, 0).away).toEqual([]);
  expect(judge(full, fullSince, 29_000).away).toEqual([]);
  expect(judge(full, fullSince, 30_000).away).toEqual([EU]);
  expect(judge(room, fullSince, 31_000).away).toEqual([]);
  expect(judge(full, fullSince, 32_000).away).toEqual([]);
  expect(judge({ ...full, lanes: [] }, fullSince, 33_000).away).toEqual([]);
  expect(fullSince.size).toBe(0);
});

it('never goes elsewhere with what requires its region, and says that it has no node', () => {
  const gone = node('b', { region: 'eu', live: false, awayMs: 90_000 });
  expect(judge({ nodes: [us, gone], lanes: [EU, ONLY_EU] })).toMatchObject({ away: [EU], unplaceable: [ONLY_EU] });
  const back = { ...gone, live: true };
  expect(judge({ nodes: [us, back], unplaced: [ONLY_EU, GPU] })).toMatchObject({ placeable: [ONLY_EU] });
});

it('sets aside what asks for labels that nobody has, and everything when all drain', () => {
  expect(judge({ nodes: [us], lanes: ['', GPU] }).unplaceable).toEqual([GPU]);
  expect(judge({ nodes: [us, node('b', { labels: { gpu: 'a100' } })], lanes: ['', GPU] }).unplaceable).toEqual([]);
  expect(judge({ nodes: [{ ...us, draining: true }], lanes: ['', GPU] }).unplaceable).toEqual(['', GPU]);
  // It is not in a state to say so of others.
  expect(judge({ nodes: [{ ...us, live: false }], lanes: [GPU] }).unplaceable).toEqual([]);
});
