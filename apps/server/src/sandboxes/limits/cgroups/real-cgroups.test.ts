import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../../../../../tests/support/platform.ts';
import { isAlive } from '../../../../../../tests/support/processes.ts';
import { chooseDriver } from '../choose-driver.ts';
import { GATE_DESCRIPTOR, gated } from '../gate.ts';
import type { LimitsDriver, ProcessGroup } from '../limits.ts';
import { openWatchDriver } from '../watch/watch-driver.ts';
import { membersOf } from './cgroup-files.ts';
import { ownCgroups } from './own-cgroups.ts';
import { V2Group } from './v2-group.ts';

const limits = { memoryMb: 64, cpuPercent: 50, pids: 40, diskMb: 64 };
const nodeId = `test${process.pid}`;
const found = ownCgroups(readFileSync('/proc/self/mountinfo', 'utf8'), readFileSync('/proc/self/cgroup', 'utf8'));
const isRoot = process.getuid?.() === 0;
const weakness = isRoot ? (await chooseDriver('auto', nodeId, true)).weakness : 'not root';
const held = weakness === null;
if (!held) console.warn(`skipped: no control groups (${weakness})`);
const unified = isRoot ? found.find(({ controllers }) => controllers.length === 0)?.own : undefined;

it.runIf(process.env.CI)('finds control groups in CI', () => {
  expect(weakness).toBeNull();
});

/** A shell that begins only when it stands in the group. */
async function startIn(
  group: ProcessGroup,
  script: string,
  as: { uid?: number; lines?: string[] } = {},
): Promise<ChildProcess> {
  const { command, args } = gated({ command: '/bin/bash', args: ['-c', script] }, as.lines ?? []);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'ignore', 'ignore', 'pipe'],
    detached: true,
    cwd: '/',
    ...(as.uid === undefined ? {} : { uid: as.uid, gid: as.uid }),
  });
  await group.join(child.pid ?? -1);
  (child.stdio[GATE_DESCRIPTOR] as Writable).end('go\n');
  return child;
}

const STORM = 'storm() { storm | storm & }; storm; storm; echo up; while :; do storm; done';

// As root, on a machine that lets it make control groups.
describe.skipIf(!held)('control groups of this machine', () => {
  let driver: LimitsDriver;
  let made = 0;
  const group = () => driver.create({ id: `1.sesn_x.1.${++made}`, uid: null }, limits);
  beforeAll(async () => {
    driver = (await chooseDriver('cgroup', nodeId, true)).driver;
  });
  afterAll(async () => {
    await driver.removeLeftovers();
    await driver.close();
  });

  it('ends a process that takes too much memory, and nobody else', async () => {
    const cell = await group();
    const shell = await startIn(cell, 'tail /dev/zero; echo $?; sleep 60');
    expect(String((await once(shell.stdout as never, 'data'))[0])).toBe('137\n');
    expect(shell.exitCode).toBeNull();
    const usage = await cell.usage();
    expect(usage.memoryKills).toBe(1);
    expect(usage.memoryPeakBytes).toBeGreaterThan(60 * 1024 * 1024);
    await cell.kill();
    await cell.close();
  });

  it('ends a storm of forks with nothing left of it', async () => {
    const cell = await group();
    const shell = await startIn(cell, STORM);
    const exited = once(shell, 'exit');
    await until(async () => ((await cell.usage()).pidsRefused ?? 0) > 100);
    expect((await cell.usage()).pids).toBeLessThanOrEqual(limits.pids);
    await cell.kill();
    await exited;
    expect((await cell.usage()).pids).toBeLessThanOrEqual(limits.pids);
    // A group with a living member cannot be removed.
    await cell.close();
  });

  it('freezes a tree and thaws it', async () => {
    const cell = await group();
    const shell = await startIn(cell, 'while :; do :; done & while :; do :; done');
    const used = async () => (await cell.usage()).cpuMicros;
    await until(async () => (await used()) > 50_000);
    await cell.freeze();
    const frozen = await used();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await used()).toBe(frozen);
    await cell.thaw();
    await until(async () => (await used()) > frozen + 50_000);
    await cell.freeze();
    // What is frozen can be ended.
    const exited = once(shell, 'exit');
    await cell.kill();
    await exited;
    await cell.close();
  });

  it('holds a burner to its share', async () => {
    const cell = await group();
    await startIn(cell, 'while :; do :; done');
    await cell.throttle(20);
    const used = async () => (await cell.usage()).cpuMicros;
    const [before, began] = [await used(), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // One period of 100 ms more than its share.
    expect((await used()) - before).toBeLessThan((performance.now() - began) * 1_000 * 0.2 + 40_000);
    await cell.kill();
    await cell.close();
  });

  it('clears away what an earlier life has left, and nothing of another server', async () => {
    const other = (await chooseDriver('cgroup', `${nodeId}other`, true)).driver;
    const theirs = await other.create({ id: '1.sesn_y.1.1', uid: null }, limits);
    const neighbour = await startIn(theirs, 'sleep 60');
    const left = await startIn(await group(), 'sleep 60 & sleep 60');
    const exited = once(left, 'exit');
    const again = (await chooseDriver('cgroup', nodeId, true)).driver;
    expect(await again.removeLeftovers()).toBe(1);
    await exited;
    expect(await again.removeLeftovers()).toBe(0);
    expect(isAlive(neighbour.pid as number)).toBe(true);
    await theirs.kill();
    await theirs.close();
    await other.close();
  });
});

// The unified hierarchy keeps freezing and killing for itself, whoever has the other controllers.
describe.skipIf(!unified || !existsSync(join(unified, 'cgroup.procs')))('version 2 of this machine', () => {
  it('freezes and ends a tree', async () => {
    const place = join(unified as string, `aaas-${nodeId}`);
    mkdirSync(place);
    const cell = new V2Group(place);
    try {
      const shell = await startIn(cell, 'setsid sleep 60 & echo up; sleep 60');
      await once(shell.stdout as never, 'data');
      const members = await membersOf(place);
      expect(members.length).toBeGreaterThanOrEqual(2);
      await cell.freeze();
      const exited = once(shell, 'exit');
      await cell.kill();
      await exited;
      expect(await membersOf(place)).toEqual([]);
      expect(members.filter(isAlive)).toEqual([]);
    } finally {
      await cell.kill();
      await cell.close().catch(() => rmdirSync(place));
    }
  });
});

describe('without control groups', () => {
  it('measures, stops and ends a tree by its marker, grandchildren of other sessions too', async () => {
    const marker = `node_watch${process.pid}/1/sesn_1/1`;
    const driver = openWatchDriver(false);
    const group = await driver.create({ id: 'x', uid: null }, limits);
    group.mark(marker);
    const script = 'setsid sleep 60 & (head -c 80M /dev/zero; sleep 60) | tail & echo up; wait';
    const child = spawn('/bin/bash', ['-c', script], {
      env: { PATH: process.env.PATH, AAAS_SANDBOX: marker },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = once(child, 'exit');
    const usage = async () => {
      await driver.refresh();
      return group.usage();
    };
    await until(async () => (await usage()).memoryBytes > 80 * 1024 * 1024);
    expect((await usage()).pids).toBeGreaterThanOrEqual(4);
    await group.freeze();
    expect(readFileSync(`/proc/${child.pid}/stat`, 'utf8')).toContain(') T ');
    await group.thaw();
    await until(() => !readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes(') T '));
    expect(await group.killLargest(child.pid ?? null)).toBe(true);
    await until(async () => (await usage()).memoryBytes < 40 * 1024 * 1024);
    expect((await usage()).memoryKills).toBe(1);
    await group.kill();
    await exited;
    expect((await usage()).pids).toBe(0);
  });

  it.skipIf(!isRoot)('holds a storm of forks by the limit of its user, and ends it', async () => {
    const uid = 1_999_000_000 + (process.pid % 100_000);
    const driver = openWatchDriver(true);
    const group = await driver.create({ id: 'y', uid }, limits);
    const shell = await startIn(group, STORM, { uid, lines: driver.selfLimits(limits, uid) });
    const exited = once(shell, 'exit');
    const pids = async () => {
      await driver.refresh();
      return (await group.usage()).pids;
    };
    await until(async () => (await pids()) > limits.pids / 2);
    expect(await pids()).toBeLessThanOrEqual(limits.pids);
    await group.kill();
    await exited;
    expect(await pids()).toBe(0);
  });
});
