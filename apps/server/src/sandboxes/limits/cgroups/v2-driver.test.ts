import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openV2Driver } from './v2-driver.ts';
import { V2Group } from './v2-group.ts';

// Plain files in the place of a hierarchy: what is written where. That a kernel obeys is tested in real-cgroups.test.ts
// as far as this machine has one that does.
let own: string;
beforeEach(() => {
  own = mkdtempSync(join(tmpdir(), 'aaas-cgroup-'));
  writeFileSync(join(own, 'cgroup.controllers'), 'cpuset cpu io memory hugetlb pids rdma\n');
  writeFileSync(join(own, 'cgroup.type'), 'domain\n');
  writeFileSync(join(own, 'cgroup.procs'), '4242\n');
});
afterEach(() => rmSync(own, { recursive: true, force: true }));

const read = (...path: string[]) => readFileSync(join(own, ...path), 'utf8');
const limits = { memoryMb: 512, cpuPercent: 50, pids: 100, diskMb: 100 };

it('moves the server into a leaf before it hands controllers down, and writes the limits of a sandbox', async () => {
  const driver = await openV2Driver({ own, node: 'aaas-node_1', isFamily: async () => true });
  expect(read('aaas-server', 'cgroup.procs')).toBe('4242');
  expect(read('cgroup.subtree_control')).toBe('+memory +pids +cpu');
  expect(read('aaas-node_1', 'cgroup.subtree_control')).toBe('+memory +pids +cpu');
  const group = await driver.create({ id: '1.sesn_1.1.1', uid: null }, limits);
  const sandbox = (file: string) => read('aaas-node_1', '1.sesn_1.1.1', file);
  expect(sandbox('memory.max')).toBe(String(512 * 1024 * 1024));
  expect(sandbox('memory.swap.max')).toBe('0');
  expect(sandbox('pids.max')).toBe('100');
  await group.join(77);
  expect(sandbox('cgroup.procs')).toBe('77');
  await group.yieldCpu(true);
  expect(sandbox('cpu.weight')).toBe('10');
  await group.throttle(50);
  expect(sandbox('cpu.max')).toBe('50000 100000');
  await group.throttle(null);
  expect(sandbox('cpu.max')).toBe('max 100000');
});

it('reads the figures of a kernel', async () => {
  const place = join(own, 'x');
  mkdirSync(place);
  const files = {
    'memory.current': '1000\n',
    'memory.peak': '2000\n',
    'memory.max': '4000\n',
    'memory.events': 'low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\noom_group_kill 0\n',
    'pids.current': '12\n',
    'pids.events': 'max 5\n',
    'cpu.stat': 'usage_usec 123456\nuser_usec 1\nsystem_usec 2\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(place, name), text);
  const figures = { memoryKills: 3, pids: 12, pidsRefused: 5, cpuMicros: 123_456, memoryBytes: 1000 };
  expect(await new V2Group(place).usage()).toEqual({ ...figures, memoryPeakBytes: 2000 });
  // Older kernels keep no peak.
  rmSync(join(place, 'memory.peak'));
  expect(await new V2Group(place).usage()).toMatchObject({ memoryPeakBytes: 4000 });
});

it('moves nobody who is not of its family, and takes no group without the controllers', async () => {
  const stranger = openV2Driver({ own, node: 'aaas-node_1', isFamily: async () => false });
  await expect(stranger).rejects.toThrow(/not delegated: process 4242/);
  expect(existsSync(join(own, 'aaas-server'))).toBe(false);
  writeFileSync(join(own, 'cgroup.controllers'), 'hugetlb\n');
  const poor = openV2Driver({ own, node: 'aaas-node_1', isFamily: async () => true });
  await expect(poor).rejects.toThrow(/no controllers memory, pids, cpu/);
});
