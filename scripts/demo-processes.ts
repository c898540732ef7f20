import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

// Those who watch over the server end by themselves what a killed one leaves behind; only then it is our turn.
const GRACE_ROUNDS = 150;
const ROUNDS = 200;
const ROUND_MS = 50;

/** Waits until no process has the directory in its command line or environment. @throws when one outlives a kill. */
export async function killProcessesOf(directory: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const pids = await processesOf(directory);
    if (pids.length === 0) return;
    if (round >= GRACE_ROUNDS) for (const pid of pids) kill(pid);
    await sleep(ROUND_MS);
  }
  throw new Error(`Processes ${(await processesOf(directory)).join(', ')} of ${directory} do not end.`);
}

/** Reads /proc; where there is none (macOS) it finds nothing. */
async function processesOf(directory: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const carry = await Promise.all(
    pids.map(async (pid) => {
      const texts = await Promise.all(
        ['environ', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')),
      );
      return pid !== process.pid && texts.some((text) => text.includes(directory));
    }),
  );
  return pids.filter((_, index) => carry[index]);
}

/** Whether a process still runs. A dead one may keep its number until somebody asks how it ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
