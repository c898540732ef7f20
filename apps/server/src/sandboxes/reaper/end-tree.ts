import { setTimeout as sleep } from 'node:timers/promises';
import { findProcesses, type ProcessQuery } from './find-processes.ts';
import { signalProcess } from './signal-process.ts';
import { sweep } from './sweep.ts';

const LOOK_MS = 25;

/**
 * Ends a tree, daemons and MCP servers included: SIGTERM, and SIGKILL for what is still there after `graceMs`.
 * @param group what holds the tree together; nothing in it can outrun that.
 * @param unasked is not asked to end, only killed.
 * @throws when processes outlive that too.
 */
export async function endTree(
  tree: ProcessQuery,
  graceMs: number,
  group: { kill(): Promise<void> },
  unasked?: number,
): Promise<void> {
  if (graceMs > 0) {
    const asked = new Set(unasked === undefined ? [] : [unasked]);
    for (const deadline = performance.now() + graceMs; performance.now() < deadline; await sleep(LOOK_MS)) {
      const left = await findProcesses(tree);
      if (left.length === 0) return;
      for (const pid of left) {
        if (!asked.has(pid)) signalProcess(pid, 'SIGTERM');
        asked.add(pid);
      }
    }
  }
  // A group that will not end is ended by what its processes carry.
  await group.kill().catch(() => sweep(tree));
}
