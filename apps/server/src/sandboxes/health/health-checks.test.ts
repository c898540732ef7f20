import { expect, it } from 'vitest';
import { type Finding, HealthChecks, type Subject } from './health-checks.ts';
import { LivedClock } from './lived-clock.ts';
import type { TurnProgress } from './turn-progress.ts';

const BOUNDS = { intervalMs: 10_000, timeoutMs: 3_000, stall: { model: 60_000, stream: 60_000, tool: 60_000 } };

/** A node with one process, on a clock that is moved by hand. */
function node(ping: () => Promise<void>, progress: () => TurnProgress | null = () => null) {
  let at = 0;
  const clock = new LivedClock(() => at, 500);
  const found: Finding[] = [];
  const asked: number[] = [];
  const subject: Subject = {
    pid: 1,
    ping: () => {
      asked.push(at);
      return ping();
    },
    progress,
    onUnhealthy: (finding) => found.push(finding),
  };
  const readVitals = () => ({ state: 'S', ranNs: 1 });
  const checks = new HealthChecks({ bounds: BOUNDS, clock, readVitals, random: () => 0, onChecked: () => {} });
  const end = checks.add(subject);
  const pass = async (ms: number, tickMs = 250) => {
    for (const until = at + ms; at < until; ) {
      at += tickMs;
      clock.step();
      checks.tick();
      await Promise.resolve();
    }
  };
  return { found, asked, end, pass };
}

it('asks once an interval, and never twice at the same time', async () => {
  const { asked, found, pass } = node(() => Promise.resolve());
  await pass(60_000);
  expect(asked.length).toBeGreaterThanOrEqual(6);
  expect(asked.length).toBeLessThanOrEqual(7);
  expect(found).toEqual([]);
});

it('finds a process that is stuck, once', async () => {
  const { asked, found, pass } = node(() => new Promise(() => {}));
  await pass(7_500);
  expect(found).toEqual([{ reason: 'control_channel_timeout', detail: expect.stringContaining('stuck') }]);
  await pass(60_000);
  expect([asked.length, found.length]).toEqual([1, 1]);
});

it('counts no time in which nobody could have read an answer', async () => {
  const { found, pass } = node(() => new Promise(() => {}));
  await pass(1_000);
  await pass(3_600_000, 3_600_000);
  expect(found).toEqual([]);
  await pass(7_000);
  expect(found).toHaveLength(1);
});

it('finds a turn that stands still, and lets one that moves take its time', async () => {
  let progress: TurnProgress | null = { phase: 'tool', beat: 1 };
  const { found, pass } = node(
    () => Promise.resolve(),
    () => progress,
  );
  await pass(59_000);
  progress = { phase: 'tool', beat: 2 };
  await pass(59_000);
  progress = { phase: 'approval', beat: 2 };
  await pass(600_000);
  progress = null;
  await pass(600_000);
  expect(found).toEqual([]);
  progress = { phase: 'stream', beat: 3 };
  await pass(61_000);
  expect(found).toMatchObject([{ reason: 'turn_stalled' }]);
});
