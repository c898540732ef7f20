import { expect, it } from 'vitest';
import { type Candidate, type FleetView, shareOf, type WaitingSession } from './share-of.ts';

const node = (id: string, owned: number, more: Partial<Candidate> = {}): Candidate => ({
  ...{ id, owned, capacity: 10, region: null, labels: {} },
  ...more,
});
const session = (sessionId: string, more: Partial<WaitingSession> = {}): WaitingSession => ({
  ...{ sessionId, workspaceId: 'w', agentId: null, lane: '', lastNode: null, heldBy: null },
  ...more,
});
const sessions = (count: number, more: Partial<WaitingSession> = {}) =>
  Array.from({ length: count }, (_, n) => session(`s${String(n).padStart(3, '0')}`, more));
const lane = (wants: object) => JSON.stringify(wants);

/** What each node takes when all reckon alike. */
function shares(view: Partial<FleetView> & Pick<FleetView, 'nodes' | 'waiting'>): Record<string, string[]> {
  const whole: FleetView = { strategy: 'least-loaded', away: new Set(), ...view };
  return Object.fromEntries(view.nodes.map(({ id }) => [id, shareOf(whole, id)]));
}
const counts = (all: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(all).map(([id, ids]) => [id, ids.length]));

it.each<[string, Candidate[], number, Record<string, number>]>([
  ['fills the emptiest first', [node('a', 6), node('b', 0), node('c', 2)], 7, { a: 0, b: 5, c: 2 }],
  ['goes by the used part of the capacity', [node('a', 5, { capacity: 100 }), node('b', 1)], 5, { a: 5, b: 0 }],
  ['gives none more than it has room for', [node('a', 9), node('b', 8), node('c', 0)], 40, { a: 1, b: 2, c: 10 }],
  ['gives a node without places nothing', [node('a', 0, { capacity: 0 }), node('b', 9)], 3, { a: 0, b: 1 }],
  ['is at ease when all are full', [node('a', 10), node('b', 12)], 3, { a: 0, b: 0 }],
  ['splits what nobody is nearer to', [node('a', 0), node('b', 0), node('c', 0)], 9, { a: 3, b: 3, c: 3 }],
])('least-loaded %s', (_name, nodes, waiting, expected) => {
  const all = shares({ nodes, waiting: sessions(waiting) });
  expect(counts(all)).toEqual(expected);
  const taken = Object.values(all).flat();
  expect(new Set(taken).size).toBe(taken.length);
});

it('binpack fills the fullest that has room, and the next after it', () => {
  const nodes = [node('a', 3), node('b', 8), node('c', 10), node('d', 0)];
  expect(counts(shares({ nodes, waiting: sessions(5), strategy: 'binpack' }))).toEqual({ a: 3, b: 2, c: 0, d: 0 });
});

it('spread keeps sessions of one agent apart, then those of one workspace, then goes by load', () => {
  const nodes = [node('a', 1), node('b', 5), node('c', 9)];
  const together = (id: string, { agentId, workspaceId }: { agentId: string | null; workspaceId: string }) => ({
    agent: agentId === 'x' && id === 'a' ? 2 : 0,
    workspace: workspaceId === 'w' && id === 'b' ? 3 : 0,
  });
  const waiting = [session('1', { agentId: 'x' }), session('2', { agentId: 'x' }), session('3', { agentId: 'x' })];
  expect(shares({ nodes, waiting, strategy: 'spread', together })).toEqual({ a: [], b: ['2', '3'], c: ['1'] });
  const another = [session('1', { agentId: 'y' }), session('2', { agentId: 'z', workspaceId: 'v' })];
  expect(shares({ nodes, waiting: another, strategy: 'spread', together })).toEqual({ a: ['1', '2'], b: [], c: [] });
});

it('leaves a session to the node where it ran last, while that has room', () => {
  const nodes = [node('a', 8), node('b', 0)];
  const waiting = [...sessions(1), session('x', { lastNode: 'a' }), session('y', { lastNode: 'a' })];
  expect(shares({ nodes, waiting })).toEqual({ a: ['x', 'y'], b: ['s000'] });
  waiting.push(session('z', { lastNode: 'a' }), session('gone', { lastNode: 'c' }));
  expect(shares({ nodes, waiting })).toEqual({ a: ['x', 'y'], b: ['s000', 'z', 'gone'] });
});

it('goes where the labels are, and nowhere when they are nowhere', () => {
  const nodes = [node('a', 0), node('b', 5, { labels: { gpu: 'a100', disk: 'ssd' } })];
  const gpu = { lane: lane({ labels: { gpu: 'a100' } }) };
  const waiting = [
    session('1', gpu),
    session('2', { ...gpu, lastNode: 'a' }),
    session('3', { lane: lane({ labels: { gpu: 'h100' } }) }),
    session('4', { lane: lane({ labels: { disk: 'ssd', gpu: 'a100' } }) }),
    session('5', { lane: lane({ labels: { constructor: 'x' } }) }),
  ];
  expect(shares({ nodes, waiting })).toEqual({ a: [], b: ['1', '2', '4'] });
});

it('stays in its region, goes elsewhere when that is away and not where it must not', () => {
  const nodes = [node('eu', 9, { region: 'eu' }), node('us', 0, { region: 'us' }), node('none', 0)];
  const prefers = lane({ region: 'eu', policy: 'prefer' });
  const requires = lane({ region: 'eu', policy: 'require' });
  const waiting = [session('1', { lane: prefers }), session('2', { lane: prefers }), session('3', { lane: requires })];
  expect(shares({ nodes, waiting })).toEqual({ eu: ['1'], us: [], none: [] });
  expect(shares({ nodes, waiting, away: new Set([prefers]) })).toEqual({ eu: ['1'], us: [], none: ['2'] });
  expect(shares({ nodes, waiting: [session('4')] })).toEqual({ eu: [], us: [], none: ['4'] });
});

it('shares out a full look among a hundred nodes', () => {
  const nodes = Array.from({ length: 100 }, (_, n) => node(`n${n}`, n % 7, { region: n % 2 ? 'eu' : 'us' }));
  const waiting = sessions(500, { lane: lane({ region: 'eu', policy: 'prefer' }) });
  expect(shareOf({ nodes, waiting, strategy: 'least-loaded', away: new Set() }, 'n1').length).toBeGreaterThan(5);
});

it('leaves what one node alone has the files of to that node, and to nobody while it is full or late', () => {
  const waiting = [
    session('s1', { heldBy: 'a', lastNode: 'b' }),
    session('s2', { heldBy: 'a', lane: lane({ region: 'eu' }) }),
  ];
  const nodes = [node('a', 9, { region: 'us' }), node('b', 0, { region: 'eu' })];
  expect(shares({ nodes, waiting })).toEqual({ a: ['s1'], b: [] });
  expect(shares({ nodes: [node('b', 0)], waiting })).toEqual({ b: [] });
});
