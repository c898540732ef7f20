import { setTimeout as sleep } from 'node:timers/promises';
import { membersOf } from './cgroup-files.ts';

const ROUNDS_MAX = 250;
const ROUND_PAUSE_MS = 20;

/**
 * Kills what is in a group until nothing is. `hold` keeps them from forking while they are counted, `release` lets
 * them die of it.
 * @throws when some outlive five seconds of this.
 */
export async function killMembers(
  directory: string,
  { hold, release }: { hold(): Promise<void>; release(): Promise<void> },
): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    if ((await membersOf(directory)).length === 0) return;
    await hold();
    for (const pid of await membersOf(directory)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    await release();
    await sleep(ROUND_PAUSE_MS);
  }
  throw new Error(`failed to end the processes of ${directory}`);
}
