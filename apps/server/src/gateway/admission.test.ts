import { expect, test } from 'vitest';
import { createAdmission, type Place } from './admission.ts';

test('a session has its share, all sessions have the whole, and a place is given back once', () => {
  const admission = createAdmission({ open: 3, openPerSession: 2, bufferedBytes: 100 });
  const first = admission.enter('a') as Place;
  admission.enter('a');
  expect(admission.enter('a')).toMatchObject({ status: 429 });
  admission.enter('b');
  expect(admission.enter('c')).toMatchObject({ status: 529 });
  first.release();
  first.release();
  expect(admission.enter('c')).not.toHaveProperty('status');
  expect(admission.enter('d')).toMatchObject({ status: 529 });
});

test('memory for bodies is bounded over all requests', () => {
  const admission = createAdmission({ open: 9, openPerSession: 9, bufferedBytes: 100 });
  const one = admission.enter('a') as Place;
  const two = admission.enter('b') as Place;
  expect(one.reserve(60)).toBe(true);
  expect(two.reserve(41)).toBe(false);
  expect(two.reserve(40)).toBe(true);
  one.release();
  expect(two.reserve(60)).toBe(true);
});

test('a workspace has its share of all, whatever the number of its sessions', () => {
  const admission = createAdmission({ open: 4, openPerSession: 9, bufferedBytes: 100 });
  const places = ['a', 'b', 'c', 'd'].map((session) => admission.enter(session) as Place);
  const assign = (at: number, workspace: string) => places[at]?.assign(workspace, 50)?.status ?? null;
  expect([assign(0, 'one'), assign(1, 'one'), assign(2, 'one'), assign(3, 'two')]).toEqual([null, null, 429, null]);
  places[2]?.release();
  places[0]?.release();
  expect((admission.enter('e') as Place).assign('one', 50)).toBeNull();
  expect((admission.enter('f') as Place).assign('one', 50)).toMatchObject({ status: 429 });
});
