import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Breach, diskEvent } from '../limits/breach.ts';
import type { ExitInfo } from '../spawn/spawn-sandbox.ts';
import { classifyExit } from './classify-exit.ts';
import { OomWitness } from './oom-witness.ts';

const exit = (code: number | null, signal: NodeJS.Signals | null = null): ExitInfo => ({
  code,
  signal,
  error: null,
  breach: null,
  killsCounted: false,
});
const over = (resource: Breach['resource']): ExitInfo => ({
  ...exit(null, 'SIGKILL'),
  breach: { resource, event: diskEvent({ diskMb: 64, memoryMb: 1, pids: 1, cpuPercent: 1 }, 0) },
});

it.each([
  [exit(1), '', false, 'process_exited', /exit code 1/],
  [exit(0), '', false, 'process_exited', /exit code 0/],
  [exit(143), '', false, 'process_killed', /as after SIGTERM/],
  [exit(null, 'SIGSEGV'), '', false, 'process_killed', /SIGSEGV/],
  [exit(null, 'SIGKILL'), '', false, 'process_killed', /SIGKILL/],
  [exit(null, 'SIGKILL'), '', true, 'out_of_memory', /the kernel was out of memory/],
  // Its own group counts its kills, and has counted none: that one was somebody else's.
  [{ ...exit(null, 'SIGKILL'), killsCounted: true }, '', true, 'process_killed', /SIGKILL/],
  [over('disk'), '', true, 'disk_limit', /over the limit of 64 MB/],
  [over('node_memory'), '', false, 'out_of_memory', /limit/],
  [exit(134), 'FATAL ERROR: JavaScript heap out of memory', false, 'out_of_memory', /its own heap/],
  [exit(null, 'SIGABRT'), 'assertion failed', true, 'process_killed', /SIGABRT/],
] as const)('tells %j apart', (ended, output, oom, reason, how) => {
  expect(classifyExit(ended, output, () => oom)).toEqual({ reason, how: expect.stringMatching(how) });
});

it('lets each kill that the kernel counted explain one exit of that moment', () => {
  const directory = mkdtempSync(join(tmpdir(), 'oom-'));
  const path = join(directory, 'vmstat');
  const count = (kills: number) => writeFileSync(path, `nr_free_pages 12\noom_kill ${kills}\nnuma_hit 4\n`);
  let now = 0;
  try {
    count(7);
    const witness = new OomWitness(path, () => now);
    expect(witness.explains()).toBe(false);
    count(8);
    expect([witness.explains(), witness.explains()]).toEqual([true, false]);
    count(9);
    witness.look();
    now = 60_000;
    expect(witness.explains()).toBe(false);
    rmSync(path);
    expect(witness.explains()).toBe(false);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
