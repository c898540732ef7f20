import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstUntraversable } from './first-untraversable.ts';
import { canMakePassage, spawnAs } from './passage.ts';

const USER = { uid: 654_321, gid: 654_321 };

let closed: string;
let own: string;
beforeEach(() => {
  closed = mkdtempSync(join(tmpdir(), 'aaas-passage-'));
  chmodSync(closed, 0o700);
  own = join(closed, 'data', 'its: "own" *');
  mkdirSync(own, { recursive: true, mode: 0o755 });
  writeFileSync(join(closed, 'data', 'secret'), 'of others', { mode: 0o644 });
});
afterEach(() => rmSync(closed, { recursive: true, force: true }));

describe.runIf(process.getuid?.() === 0 && canMakePassage())('as root', () => {
  const run = (script: string) => {
    chownSync(own, USER.uid, USER.gid);
    const { command, args, user } = spawnAs(USER, { command: '/bin/sh', args: ['-c', script], cwd: own }, [own]);
    return spawnSync(command, args, { ...user, cwd: own, encoding: 'utf8' });
  };

  it('lets another user reach its directory below one that is closed, and nothing beside it', () => {
    expect(firstUntraversable(own, USER.uid, USER.gid)).toBe(closed);
    const result = run('id -u; pwd; echo hi > made; cat ../secret');
    expect(result.stdout).toBe(`${USER.uid}\n${own}\n`);
    expect(result.stderr).toContain('No such file');
    expect(spawnSync('cat', [join(own, 'made')], { encoding: 'utf8' }).stdout).toBe('hi\n');
  });

  it('spawns plainly where nothing is in the way', () => {
    chmodSync(closed, 0o711);
    expect(spawnAs(USER, { command: 'true', args: [], cwd: own }, [own])).toEqual({
      command: 'true',
      args: [],
      user: USER,
    });
  });
});

it('knows the way for its own user', () => {
  expect(spawnAs(null, { command: 'true', args: ['a'], cwd: '/' }, [own])).toEqual({
    command: 'true',
    args: ['a'],
    user: {},
  });
  expect(firstUntraversable(own, process.getuid?.() ?? 0, process.getgid?.() ?? 0)).toBeNull();
});
