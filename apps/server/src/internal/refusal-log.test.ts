import { pino } from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import { RefusalLog } from './refusal-log.ts';

const MINUTE_MS = 60_000;
afterEach(() => void vi.useRealTimers());

function startLog() {
  vi.useFakeTimers();
  const lines: { from: string; calls?: number }[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line)) });
  const refusals = new RefusalLog(log);
  return { refusals, taken: () => lines.splice(0).map(({ from, calls }) => (calls ? `${from} +${calls}` : from)) };
}

it('says one line for each network and minute, and how many calls it left out', () => {
  const { refusals, taken } = startLog();
  for (let n = 0; n < 1_000; n++) refusals.refused('192.0.2.1');
  for (let n = 0; n < 5; n++) refusals.refused(`2001:db8::${n}`);
  refusals.refused('::ffff:192.0.2.1');
  refusals.refused(undefined);
  expect(taken()).toEqual(['192.0.2.1', '2001:db8:0:0::/64', 'unknown']);
  vi.advanceTimersByTime(MINUTE_MS);
  expect(taken()).toEqual(['192.0.2.1 +1000', '2001:db8:0:0::/64 +4']);
  refusals.refused('192.0.2.1');
  expect(taken()).toEqual([]);
  vi.advanceTimersByTime(2 * MINUTE_MS);
  expect(taken()).toEqual(['192.0.2.1 +1']);
  refusals.refused('192.0.2.1');
  refusals.refused('192.0.2.1');
  expect(taken()).toEqual(['192.0.2.1']);
  refusals.close();
  expect(taken()).toEqual(['192.0.2.1 +1']);
});

it('keeps and says no more than a hundred networks, and counts the others together', () => {
  const { refusals, taken } = startLog();
  for (let n = 0; n < 20_000; n++) refusals.refused(`10.0.${n >> 8}.${n & 255}`);
  const said = taken();
  expect(said).toHaveLength(101);
  expect(said.at(-1)).toBe('others');
  vi.advanceTimersByTime(MINUTE_MS);
  expect(taken()).toEqual(['others +19899']);
  refusals.close();
});
