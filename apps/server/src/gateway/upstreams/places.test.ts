import { expect, test } from 'vitest';
import { Places } from './places.ts';

const never = new AbortController().signal;
const make = (places: number, share: number, queue = 100, queueMs = 60_000) =>
  new Places({ places: () => places, workspaceShare: () => share, queue: () => queue, queueMs: () => queueMs });
/** Lets what was granted arrive. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('no workspace takes the last place, unless its share is the whole or there is only one', async () => {
  const bounded = make(4, 80, 0);
  for (let i = 0; i < 3; i++) expect(await bounded.take('one', never)).not.toBeNull();
  expect(await bounded.take('one', never)).toBeNull();
  expect(await bounded.take('two', never)).not.toBeNull();
  expect(bounded.inFlight).toBe(4);
  const whole = make(2, 100, 0);
  for (let i = 0; i < 2; i++) expect(await whole.take('one', never)).not.toBeNull();
  expect(await make(1, 80, 0).take('one', never)).not.toBeNull();
});

test('a place that becomes free goes to the workspace that holds the fewest, in order of arrival', async () => {
  const places = make(3, 100);
  const taken = [];
  for (let i = 0; i < 3; i++) taken.push(await places.take('one', never));
  const served: string[] = [];
  const held: (() => void)[] = [];
  for (const name of ['one', 'one', 'two', 'three', 'two']) {
    void places.take(name, never).then((release) => {
      served.push(name);
      held.push(release as () => void);
    });
  }
  expect(places.queued).toBe(5);
  for (const release of taken) {
    release?.();
    await settle();
  }
  expect(served).toEqual(['two', 'three', 'one']);
  for (let i = 0; i < 2; i++) {
    held.shift()?.();
    await settle();
  }
  expect(served).toEqual(['two', 'three', 'one', 'two', 'one']);
  expect(places.queued).toBe(0);
  for (const release of held) {
    release();
    release();
  }
  expect(places.inFlight).toBe(0);
});

test('who waits is bounded in number and time, for each workspace and together, and may leave', async () => {
  const places = make(1, 50, 4, 30);
  const release = await places.take('one', never);
  const gone = new AbortController();
  const leaver = places.take('one', gone.signal);
  const waiter = places.take('one', never);
  expect(await places.take('one', never)).toBeNull();
  const others = [places.take('two', never), places.take('two', never)];
  expect(await places.take('three', never)).toBeNull();
  expect(places.queued).toBe(4);
  gone.abort(new Error('left'));
  await expect(leaver).rejects.toThrow('left');
  expect(places.queued).toBe(3);
  expect(await Promise.all([waiter, ...others])).toEqual([null, null, null]);
  expect([places.queued, places.inFlight]).toEqual([0, 1]);
  release?.();
  expect(places.inFlight).toBe(0);
});
