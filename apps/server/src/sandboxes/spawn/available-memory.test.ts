import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { memoryReader } from './available-memory.ts';

const MIB = 2 ** 20;
const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

function machine(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'aaas-memory-'));
  roots.push(root);
  for (const [path, text] of Object.entries({
    'proc/meminfo': `MemTotal: 1 kB\nMemAvailable:   ${8 * 1024 * 1024} kB\n`,
    ...files,
  })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const read = (files: Record<string, string>) => memoryReader(machine(files))() / MIB;

it('goes by the tightest limit above, and counts cached files as free', () => {
  expect(read({})).toBe(8 * 1024);
  const v2 = 'sys/fs/cgroup';
  expect(
    read({
      'proc/self/cgroup': '0::/a/b\n',
      [`${v2}/a/b/memory.max`]: 'max\n',
      [`${v2}/a/b/memory.current`]: `${100 * MIB}\n`,
      [`${v2}/a/memory.max`]: `${1024 * MIB}\n`,
      [`${v2}/a/memory.current`]: `${900 * MIB}\n`,
      [`${v2}/a/memory.stat`]: `anon 1\ninactive_file ${300 * MIB}\n`,
    }),
  ).toBe(424);
  const v1 = 'sys/fs/cgroup/memory';
  // In a container the path is that of the host, and what is mounted is our own.
  expect(
    read({
      'proc/self/cgroup': '9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n',
      [`${v1}/memory.limit_in_bytes`]: `${512 * MIB}\n`,
      [`${v1}/memory.usage_in_bytes`]: `${500 * MIB}\n`,
      [`${v1}/memory.stat`]: `inactive_file 1\ntotal_inactive_file ${100 * MIB}\n`,
    }),
  ).toBe(112);
  expect(
    read({
      'proc/self/cgroup': '4:memory:/\n',
      [`${v1}/memory.limit_in_bytes`]: '9223372036854771712\n',
      [`${v1}/memory.usage_in_bytes`]: '1\n',
    }),
  ).toBe(8 * 1024);
});
