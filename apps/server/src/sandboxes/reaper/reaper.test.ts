import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, expect, it } from 'vitest';
import { findProcesses } from './find-processes.ts';
import { ownSandbox } from './owned-sandboxes.ts';
import { Reaper } from './reaper.ts';
import { nodeMarker, SANDBOX_MARKER } from './sandbox-marker.ts';
import { scanProcesses } from './scan-processes.ts';
import { sweep } from './sweep.ts';

const mine = `node_mine${process.pid}`;
const other = `node_other${process.pid}`;
// As another server of this machine would have chosen it.
const uids = { first: 1_900_000_000 + process.pid, count: 10 };
const isRoot = process.getuid?.() === 0;
const log = { warn: () => {}, error: () => {} } as never;

afterAll(async () => {
  for (const node of [mine, other]) await sweep({ marker: nodeMarker(node), uid: null });
  if (isRoot) await sweep({ marker: '-', uid: uids.first + 1 });
});

async function start(env: NodeJS.ProcessEnv, uid?: number): Promise<void> {
  const child = spawn('sh', ['-c', 'setsid sleep 300 & echo up; exec sleep 300'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  if (child.stdout) await once(child.stdout, 'data');
}

const find = (marker: string) => findProcesses({ marker, uid: null });

it('kills what has no owner, and neither what has one nor what is of another node', async () => {
  let reaped = 0;
  const reaper = new Reaper({
    nodeId: mine,
    uids: () => uids,
    everyMs: () => 60_000,
    onReaped: (n) => (reaped += n),
    log,
  });
  const owned = ownSandbox({ node: { id: mine, incarnation: 2 }, sessionId: 'sesn_1', generation: 3 }, null);
  const orphan = `${mine}/1/sesn_1/2/1/`;
  const foreign = `${other}/1/sesn_1/3/1/`;
  for (const marker of [owned.marker, orphan, foreign]) await start({ [SANDBOX_MARKER]: marker });
  expect(await reaper.observed()).toBe(2);

  expect(await reaper.reap()).toBeGreaterThanOrEqual(2);
  expect(reaped).toBeGreaterThanOrEqual(2);
  expect(await find(orphan)).toEqual([]);
  expect(await reaper.observed()).toBe(1);
  expect((await find(owned.marker)).length).toBeGreaterThanOrEqual(2);
  expect((await find(foreign)).length).toBeGreaterThanOrEqual(2);
  expect(await reaper.reap()).toBe(0);

  owned.release();
  await reaper.reap();
  expect(await find(owned.marker)).toEqual([]);
  expect((await find(foreign)).length).toBeGreaterThanOrEqual(2);
});

it.runIf(isRoot)('finds one that has thrown its marker away by the user that it runs as', async () => {
  const reaper = new Reaper({ nodeId: mine, uids: () => uids, everyMs: () => 60_000, onReaped: () => {}, log });
  const uid = uids.first + 1;
  await start({}, uid);
  await start({ [SANDBOX_MARKER]: `${other}/1/sesn_1/3/2/` }, uid);
  const own = ownSandbox({ node: { id: mine, incarnation: 2 }, sessionId: 'sesn_2', generation: 1 }, uid);
  expect(await reaper.reap()).toBe(0);
  own.release();
  expect(await reaper.reap()).toBeGreaterThanOrEqual(2);
  const left = (await scanProcesses()).filter((seen) => seen.uid === uid);
  expect(left.map((seen) => seen.marker?.split('/')[0])).toEqual(left.map(() => other));
  expect(left.length).toBeGreaterThanOrEqual(2);
});
