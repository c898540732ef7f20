import { expect, it } from 'vitest';
import { ownCgroups } from './own-cgroups.ts';
import { v1Places } from './v1-driver.ts';

it('finds its groups on a machine with both versions', () => {
  const mounts = [
    '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
    '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
    '37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer',
    '39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids',
    '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
  ];
  const groups = ['8:pids:/', '6:freezer:/', '4:memory:/system.slice/aaas.service', '2:cpu,cpuacct:/', '0::/'];
  const found = ownCgroups(mounts.join('\n'), groups.join('\n'));
  expect(found.at(-1)).toEqual({ controllers: [], own: '/sys/fs/cgroup/unified/' });
  expect(v1Places(found, 'aaas-n')).toEqual({
    memory: '/sys/fs/cgroup/memory/system.slice/aaas.service/aaas-n',
    pids: '/sys/fs/cgroup/pids/aaas-n',
    cpu: '/sys/fs/cgroup/cpu,cpuacct/aaas-n',
    cpuacct: '/sys/fs/cgroup/cpu,cpuacct/aaas-n',
    freezer: '/sys/fs/cgroup/freezer/aaas-n',
  });
});

it('finds its groups in a container, with a namespace of its own or without', () => {
  const shared = '35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory';
  expect(ownCgroups(shared, '4:memory:/docker/abc/inner')).toEqual([
    { controllers: ['memory'], own: '/sys/fs/cgroup/memory/inner' },
  ]);
  const own = '30 29 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate';
  expect(ownCgroups(own, '0::/')).toEqual([{ controllers: [], own: '/sys/fs/cgroup/' }]);
});

it('does without what is not mounted', () => {
  expect(ownCgroups('', '4:memory:/\n0::/')).toEqual([]);
  expect(v1Places([{ controllers: ['memory'], own: '/x' }], 'aaas-n')).toBeNull();
});
