import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findProcesses } from './find-processes.ts';
import { monotonicMs } from './lease-term.ts';
import { lifeMarker, nodeMarker, SANDBOX_MARKER, sandboxMarker } from './sandbox-marker.ts';
import { scanProcesses } from './scan-processes.ts';
import { startLifeline } from './start-lifeline.ts';
import { sweep } from './sweep.ts';

const FREEZER = '/sys/fs/cgroup/freezer';
const canFreeze = isWritable(join(FREEZER, 'cgroup.procs'));
if (!canFreeze) console.warn('skipped: no control groups of version 1 that may be written');
const log = { warn: () => {} } as never;
const node = (incarnation: number) => ({ id: `node_test${process.pid}`, incarnation });
const name = (incarnation: number, sessionId = 'sesn_1') =>
  sandboxMarker({ node: node(incarnation), sessionId, generation: 1 });

afterEach(async () => {
  await sweep({ marker: nodeMarker(node(1).id), uid: null });
});

/** A tree: a shell with a child in a session of its own, as Bash tools are. */
async function startTree(marker: string): Promise<void> {
  const child = spawn('sh', ['-c', 'setsid sleep 300 & echo up; exec sleep 300'], {
    env: { PATH: process.env.PATH, [SANDBOX_MARKER]: marker },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  if (child.stdout) await once(child.stdout, 'data');
}

const lifelineOf = (incarnation: number) => ({
  marker: lifeMarker(node(incarnation)),
  uids: () => null,
  postgresPid: null,
  log,
  onFrozen: () => {},
});
const find = (marker: string) => findProcesses({ marker, uid: null });

describe('sweep', () => {
  it('ends a tree and what has left it, and nothing else', async () => {
    await startTree(name(1));
    await startTree(name(1, 'sesn_2'));
    expect((await find(name(1))).length).toBeGreaterThanOrEqual(2);
    expect(await sweep({ marker: name(1), uid: null })).toBeGreaterThanOrEqual(2);
    expect(await find(name(1))).toEqual([]);
    expect((await find(name(1, 'sesn_2'))).length).toBeGreaterThanOrEqual(2);
  });

  it.runIf(canFreeze)('ends what somebody has frozen in a control group of version 1 and left so', async () => {
    const group = join(FREEZER, `aaas-test${process.pid}`, '1');
    mkdirSync(group, { recursive: true });
    await startTree(name(1));
    const write = (file: string, text: string) => writeFileSync(join(group, file), text);
    for (const pid of await find(name(1))) write('cgroup.procs', String(pid));
    write('freezer.state', 'FROZEN');
    await until(() => readFileSync(join(group, 'freezer.state'), 'utf8').trim() === 'FROZEN');
    await sweep({ marker: name(1), uid: null });
    expect(await find(name(1))).toEqual([]);
    await until(() => readFileSync(join(group, 'cgroup.procs'), 'utf8') === '');
    for (const directory of [group, dirname(group)]) rmdirSync(directory);
  });

  it('finds a process that has stopped itself or is stopped', async () => {
    await startTree(name(1));
    for (const pid of await find(name(1))) process.kill(pid, 'SIGSTOP');
    await sweep({ marker: name(1), uid: null });
    expect(await find(name(1))).toEqual([]);
  });
});

describe('the lifeline', () => {
  it('ends the sandboxes of its own life of the node when it is let go of, and not those of the next', async () => {
    const lifeline = await startLifeline(lifelineOf(1));
    await startTree(name(1));
    await startTree(name(2));
    await lifeline.close();
    expect(await find(name(1))).toEqual([]);
    expect((await find(name(2))).length).toBeGreaterThanOrEqual(2);
  });

  it('freezes when the term is over, what is born later too, and thaws only what it has stopped', async () => {
    const marker = lifeMarker(node(3));
    const lifeline = await startLifeline(lifelineOf(3));
    const states = async () => (await scanProcesses()).filter((seen) => seen.marker?.startsWith(marker));
    const within = (ms: number) => ({ monotonicMs: monotonicMs() + ms, wallMs: Date.now() + ms });
    await startTree(name(3));
    const [first] = await states();
    if (!first) throw new Error('no process');
    process.kill(first.pid, 'SIGSTOP');
    await until(async () => (await states()).some((seen) => seen.stopped));
    expect((await states()).every((seen) => seen.stopped)).toBe(false);

    lifeline.allow(within(200));
    await until(async () => lifeline.frozen && (await states()).every((seen) => seen.stopped));
    await startTree(name(3, 'sesn_late'));
    await until(async () => (await states()).every((seen) => seen.stopped));

    lifeline.allow(within(60_000));
    await until(() => !lifeline.frozen);
    expect((await states()).filter((seen) => seen.stopped).map(({ pid }) => pid)).toEqual([first.pid]);
    // A clock that is set forward, or a machine that slept.
    lifeline.allow({ monotonicMs: monotonicMs() + 60_000, wallMs: Date.now() - 1 });
    await until(() => lifeline.frozen);
    await lifeline.close();
    expect(await states()).toEqual([]);
  });

  it('is replaced when it is killed, and the next one lets go on what the last one froze', async () => {
    const marker = lifeMarker(node(4));
    const lifeline = await startLifeline(lifelineOf(4));
    const states = async () => (await scanProcesses()).filter((seen) => seen.marker?.startsWith(marker));
    await startTree(name(4));
    lifeline.allow({ monotonicMs: monotonicMs() - 1, wallMs: Date.now() - 1 });
    await until(() => lifeline.frozen);
    const old = await lifelinePid(marker);
    process.kill(old, 'SIGKILL');
    await until(async () => ![0, old].includes(await lifelinePid(marker)));
    lifeline.allow({ monotonicMs: monotonicMs() + 60_000, wallMs: Date.now() + 60_000 });
    await until(async () => (await states()).every((seen) => !seen.stopped));
    await lifeline.close();
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(condition, { timeout: 15_000, interval: 20 }).toBe(true);
}

async function lifelinePid(marker: string): Promise<number> {
  for (const { pid } of await scanProcesses()) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    if (line.includes('lifeline.ts') && line.includes(marker)) return pid;
  }
  return 0;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
