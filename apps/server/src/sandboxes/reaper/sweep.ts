import { setTimeout as sleep } from 'node:timers/promises';
import { findProcesses, type ProcessQuery } from './find-processes.ts';

const ROUNDS_MAX = 100;
const ROUND_PAUSE_MS = 20;

/**
 * Kills every process that the query finds until none is left: stopped first, so that none forks while the others die.
 * @returns how many were killed.
 * @throws when processes outlive two seconds of this.
 */
export async function sweep(query: ProcessQuery): Promise<number> {
  const killed = new Set<number>();
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const pids = await findProcesses(query);
    if (pids.length === 0) return killed.size;
    for (const pid of pids) signal(pid, 'SIGSTOP');
    for (const pid of pids) signal(pid, 'SIGKILL');
    for (const pid of pids) killed.add(pid);
    await sleep(ROUND_PAUSE_MS);
  }
  throw new Error(`failed to end the processes of sandbox ${query.marker}`);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
