import { expect, it } from 'vitest';
import { StartGate, type StartKind } from './start-gate.ts';

it('bounds starts, keeps half of the places from recoveries, and forgets who no longer waits', async () => {
  let limit = 4;
  const waited: StartKind[] = [];
  const gate = new StartGate({ limit: () => limit, onWait: (kind) => waited.push(kind) });
  const inside: string[] = [];
  const leaves = new Map<string, () => void>();
  const given = new AbortController();
  const enter = (name: string, kind: StartKind, signal = new AbortController().signal) =>
    gate.enter(kind, signal).then(
      (leave) => {
        inside.push(name);
        leaves.set(name, leave);
      },
      () => inside.push(`${name} gave up`),
    );
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  for (const name of ['r1', 'r2', 'r3']) void enter(name, 'recovery', name === 'r3' ? given.signal : undefined);
  void enter('r4', 'recovery');
  for (const name of ['w1', 'w2', 'w3']) void enter(name, 'wanted');
  await settle();
  expect(inside).toEqual(['r1', 'r2', 'w1', 'w2']);
  expect([gate.running, gate.waiting, waited]).toEqual([4, 3, ['recovery', 'recovery', 'wanted']]);
  given.abort();
  leaves.get('w1')?.();
  leaves.get('w1')?.();
  await settle();
  expect(inside.slice(4)).toEqual(['r3 gave up', 'w3']);
  leaves.get('r1')?.();
  await settle();
  expect(inside.at(-1)).toBe('r4');
  limit = 1;
  void enter('w4', 'wanted');
  for (const name of ['r2', 'r4', 'w2']) leaves.get(name)?.();
  await settle();
  expect(inside).not.toContain('w4');
  leaves.get('w3')?.();
  await settle();
  expect(inside.at(-1)).toBe('w4');
});
