import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { SANDBOX_MARKER } from '../reaper/sandbox-marker.ts';
import { sweep } from '../reaper/sweep.ts';
import { TreeMeter } from './measure-tree.ts';
import { readVitals } from './process-vitals.ts';

const marker = `node_measured${process.pid}/1/sesn_1/1`;
afterEach(async () => {
  await sweep({ marker, uid: null });
});

it.skipIf(!existsSync('/proc/self/stat'))('measures what left the tree, and nobody else', async () => {
  // A child in a session of its own that holds 40 MB, and a parent that has waited for a busy one.
  const hold = `setsid sh -c 'v=$(head -c 40000000 /dev/zero | tr "\\0" a); echo held; sleep 300' &`;
  const child = spawn('sh', ['-c', `i=0; (while [ $i -lt 300000 ]; do i=$((i+1)); done); ${hold} exec sleep 300`], {
    env: { PATH: process.env.PATH, [SANDBOX_MARKER]: marker },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  if (child.stdout) await once(child.stdout, 'data');
  const meter = new TreeMeter();
  const queries = [
    { marker, uid: null },
    { marker: `${marker}0`, uid: null },
  ];
  // The shell says that it holds the memory before it has begun to sleep.
  await expect.poll(async () => (await meter.measure(queries))[0]?.pids.length).toBeGreaterThanOrEqual(3);
  const [tree, other] = await meter.measure(queries);
  expect(tree?.pids).toContain(child.pid);
  expect(tree?.memoryBytes).toBeGreaterThan(40_000_000);
  expect(tree?.memoryBytes).toBeLessThan(200_000_000);
  expect(tree?.cpuSeconds).toBeGreaterThan(0.05);
  expect(other).toEqual({ memoryBytes: 0, cpuSeconds: 0, pids: [] });
  // What it knows by now gives the same picture.
  expect((await meter.measure(queries))[0]?.pids.toSorted()).toEqual(tree?.pids.toSorted());

  await expect.poll(() => readVitals(child.pid as number)?.state).toBe('S');
  process.kill(child.pid as number, 'SIGSTOP');
  await expect.poll(() => readVitals(child.pid as number)?.state, { timeout: 10_000 }).toBe('T');
  expect(readVitals(2 ** 30)).toBe(null);
});
