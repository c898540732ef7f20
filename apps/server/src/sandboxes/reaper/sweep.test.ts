import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { findProcesses } from './find-processes.ts';
import { lifeMarker, nodeMarker, SANDBOX_MARKER, sandboxMarker } from './sandbox-marker.ts';
import { startLifeline } from './start-lifeline.ts';
import { sweep } from './sweep.ts';

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

  it('finds a process that has stopped itself or is stopped', async () => {
    await startTree(name(1));
    for (const pid of await find(name(1))) process.kill(pid, 'SIGSTOP');
    await sweep({ marker: name(1), uid: null });
    expect(await find(name(1))).toEqual([]);
  });
});

describe('the lifeline', () => {
  it('ends the sandboxes of its own life of the node when it is let go of, and not those of the next', async () => {
    const lifeline = await startLifeline({ marker: lifeMarker(node(1)), postgresPid: null, log });
    await startTree(name(1));
    await startTree(name(2));
    await lifeline.close();
    expect(await find(name(1))).toEqual([]);
    expect((await find(name(2))).length).toBeGreaterThanOrEqual(2);
  });
});
