import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 4;

/**
 * The pids, on the machine, of what bubblewrap runs: the program is the second process of its PID namespace, whose first
 * is bubblewrap's own reaper. Looks until they are there, or `gone` says that bubblewrap has ended.
 */
export async function locateProgram(
  bubblewrap: number,
  gone: () => boolean,
): Promise<{ reaper: number; program: number } | null> {
  while (!gone()) {
    for (const reaper of await childrenOf(bubblewrap))
      for (const program of await childrenOf(reaper)) if (await isSecond(program)) return { reaper, program };
    await sleep(POLL_MS);
  }
  return null;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

async function isSecond(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  return /^NSpid:.*\t2$/m.test(status);
}
