import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findSeen, type ProcessQuery } from './find-processes.ts';
import { ticksAt } from './process-identity.ts';
import type { SeenProcess } from './scan-processes.ts';
import { signalProcess } from './signal-process.ts';

// An interrupt must be over before its deadline, which is 2 s by default.
const GRACE_MS = 300;

/**
 * Ends the processes of a sandbox that were started since `since` and do not descend from its program any more: what
 * a tool of an interrupted turn has left behind as a daemon. The program's own children (its MCP servers) stay, and so
 * does what an earlier turn has started for later ones.
 */
export async function endStrays(tree: ProcessQuery, command: string, since: Date): Promise<void> {
  const born = await ticksAt(since);
  const strays = await findStrays(tree, command, born);
  if (strays.length === 0) return;
  for (const { pid } of strays) signalProcess(pid, 'SIGTERM');
  await sleep(GRACE_MS);
  for (const { pid } of await findStrays(tree, command, born)) signalProcess(pid, 'SIGKILL');
}

async function findStrays(tree: ProcessQuery, command: string, born: number): Promise<SeenProcess[]> {
  const seen = await findSeen(tree);
  const program = await findProgram(seen, command);
  if (!program) return [];
  const parents = new Map(seen.map(({ pid, parent }) => [pid, parent]));
  const descends = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined; at = parents.get(at)) if (at === program.pid) return true;
    return false;
  };
  return seen.filter((process) => process.startTicks >= born && !descends(process.pid));
}

/** The oldest process that runs the sandbox's program: above it there may be others that only prepare its place. */
async function findProgram(seen: SeenProcess[], command: string): Promise<SeenProcess | undefined> {
  const name = basename(command);
  for (const process of seen.toSorted((a, b) => a.startTicks - b.startTicks || a.pid - b.pid)) {
    const line = await readFile(`/proc/${process.pid}/cmdline`, 'latin1').catch(() => '');
    if (basename(line.split('\0', 1)[0] ?? '') === name) return process;
  }
  return undefined;
}
