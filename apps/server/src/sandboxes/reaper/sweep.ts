import { setTimeout as sleep } from 'node:timers/promises';
import { findProcesses, type ProcessQuery } from './find-processes.ts';
import { signalProcess } from './signal-process.ts';
import { thawGroups } from './thaw-groups.ts';

const ROUNDS_MAX = 100;
const ROUND_PAUSE_MS = 20;
/** What outlives so many rounds stands in a frozen group, most likely. */
const ROUNDS_PATIENT = 3;

/**
 * Kills every process that the query finds until none is left: stopped first, so that none forks while the others die.
 * @returns how many were killed.
 * @throws when processes outlive two seconds of this.
 */
export function sweep(query: ProcessQuery): Promise<number> {
  return sweepFound(() => findProcesses(query), `sandbox ${query.marker}`);
}

/** The same for whatever `find` finds; `what` is its name in the error. */
export async function sweepFound(find: () => Promise<number[]>, what: string): Promise<number> {
  const killed = new Set<number>();
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const pids = await find();
    if (pids.length === 0) return killed.size;
    for (const pid of pids) signalProcess(pid, 'SIGSTOP');
    for (const pid of pids) signalProcess(pid, 'SIGKILL');
    for (const pid of pids) killed.add(pid);
    if (round >= ROUNDS_PATIENT) thawGroups(pids);
    await sleep(ROUND_PAUSE_MS);
  }
  throw new Error(`failed to end the processes of ${what}`);
}
