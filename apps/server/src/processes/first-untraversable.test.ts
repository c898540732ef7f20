import { chmod, chown, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AS_ROOT } from '../postgres/embedded/testing.ts';
import { firstUntraversable } from './first-untraversable.ts';

const STRANGER = 54_321;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'aaas-path-'));
  await chmod(dir, 0o711);
  await mkdir(join(dir, 'closed/inside'), { recursive: true });
  await mkdir(join(dir, 'open'));
  await chmod(join(dir, 'closed'), 0o700);
  await chmod(join(dir, 'open'), 0o711);
  await symlink(join(dir, 'closed/inside'), join(dir, 'open/link'));
  await symlink('../closed/../closed/inside', join(dir, 'open/relative'));
  await symlink('loop', join(dir, 'open/loop'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

describe('firstUntraversable', () => {
  it('names the first directory that blocks, not the last', async () => {
    await chmod(join(dir, 'closed/inside'), 0o700);
    expect(firstUntraversable(join(dir, 'closed/inside/deep'), STRANGER, STRANGER)).toBe(join(dir, 'closed'));
  });

  it('lets everybody pass an open path, and root any path', async () => {
    expect(firstUntraversable(join(dir, 'open'), STRANGER, STRANGER)).toBeNull();
    expect(firstUntraversable(join(dir, 'closed/inside'), 0, 0)).toBeNull();
  });

  it('does not take what is missing for a block', async () => {
    expect(firstUntraversable(join(dir, 'open/not/yet'), STRANGER, STRANGER)).toBeNull();
  });

  it.each(['link', 'relative'])('follows a %s to where it leads', async (name) => {
    expect(firstUntraversable(join(dir, 'open', name), STRANGER, STRANGER)).toBe(join(dir, 'closed'));
  });

  it('ends at a link to itself', async () => {
    expect(firstUntraversable(join(dir, 'open/loop'), STRANGER, STRANGER)).toBe(join(dir, 'open/loop'));
  });

  it.runIf(AS_ROOT)('looks at one class of the mode only, as the kernel does', async () => {
    const path = join(dir, 'classes');
    await mkdir(path);
    await chown(path, STRANGER, 777);
    await chmod(path, 0o011);
    expect(firstUntraversable(path, STRANGER, 777)).toBe(path);
    expect(firstUntraversable(path, 1, 777)).toBeNull();
    await chmod(path, 0o101);
    expect(firstUntraversable(path, 1, 777)).toBe(path);
    expect(firstUntraversable(path, 1, 1)).toBeNull();
  });
});
