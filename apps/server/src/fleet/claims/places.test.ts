import { expect, it } from 'vitest';
import { busyPlaces, makeRoom, type Place, timedOut } from './places.ts';

const NOW = 1_000_000;
const BOUNDS = { graceMs: 1_000, placeMs: 60_000 };
const place = (name: string, more: Partial<Place> = {}) => ({
  name,
  workspaceId: 'a',
  busySince: NOW - 10_000,
  idleSince: null,
  idleTimeoutSeconds: null,
  leaving: false,
  ...more,
});
const idle = (name: string, seconds: number, more: Partial<Place> = {}) =>
  place(name, { idleSince: NOW - seconds * 1_000, ...more });
const names = (places: { name: string }[]) => places.map(({ name }) => name);

it('puts to sleep what has been idle for as long as its agent, else the platform, says', () => {
  const places = [
    place('works'),
    idle('impatient', 5, { idleTimeoutSeconds: 5 }),
    idle('old', 300),
    idle('young', 299),
    idle('oldest', 310),
    idle('patient', 400, { idleTimeoutSeconds: 500 }),
    idle('sleepless', 9_999, { idleTimeoutSeconds: 0 }),
    idle('asked already', 400, { leaving: true }),
  ];
  expect(names(timedOut(places, NOW, 300_000))).toEqual(['oldest', 'old', 'impatient']);
  expect(names(timedOut(places, NOW, null))).toEqual(['impatient']);
});

it('makes room with the longest idle, the sleepless last, none within its grace', () => {
  const places = [
    idle('sleepless', 900, { idleTimeoutSeconds: 0 }),
    idle('fresh', 0.5),
    idle('longer', 60),
    idle('longest', 70),
    place('works'),
  ];
  expect(names(makeRoom(places, 1, NOW, BOUNDS).sleep)).toEqual(['longest']);
  expect(names(makeRoom(places, 3, NOW, BOUNDS).sleep)).toEqual(['longest', 'longer', 'sleepless']);
  expect(makeRoom(places, 3, NOW, BOUNDS).again).toBe(null);
  expect(makeRoom(places, 4, NOW, BOUNDS)).toMatchObject({ again: NOW + 500, yield: [] });
  const going = places.map((one) => (one.name === 'longest' ? { ...one, leaving: true } : one));
  expect(names(makeRoom(going, 1, NOW, BOUNDS).sleep)).toEqual([]);
});

it('asks those that have worked long enough, of the workspace that works in most places', () => {
  const long = NOW - 60_000;
  const places = [
    place('a1', { busySince: long - 3 }),
    place('a2', { busySince: long - 2 }),
    place('a3', { busySince: long - 1 }),
    place('a4'),
    place('b1', { workspaceId: 'b', busySince: long - 9 }),
    idle('idle', 60),
  ];
  expect(busyPlaces(places)).toEqual(
    new Map([
      ['a', 4],
      ['b', 1],
    ]),
  );
  expect(makeRoom(places, 1, NOW, BOUNDS)).toMatchObject({ sleep: [{ name: 'idle' }], yield: [] });
  expect(names(makeRoom(places, 3, NOW, BOUNDS).yield)).toEqual(['a1', 'a2']);
  expect(names(makeRoom(places, 9, NOW, BOUNDS).yield)).toEqual(['a1', 'a2', 'a3', 'b1']);
  const asked = places.map((one) => (one.name === 'a1' ? { ...one, leaving: true } : one));
  expect(names(makeRoom(asked, 3, NOW, BOUNDS).yield)).toEqual(['a2']);
});
