import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { signalProcess } from './signal-process.ts';

const END_WITHIN_MS = 10_000;
const LOOK_MS = 20;

/** A process that is ended later: that very process, for its pid may have been given to another program since. */
export interface WatchedProcess {
  /** Interrupts it and resolves when it is gone, or after ten seconds. */
  end(): Promise<void>;
}

export async function watchProcess(pid: number | null): Promise<WatchedProcess | null> {
  if (pid === null) return null;
  const start = await startTicks(pid);
  if (start === null) return null;
  const lives = async () => (await startTicks(pid)) === start;
  return {
    end: async () => {
      if (!(await lives())) return;
      signalProcess(pid, 'SIGINT');
      for (let waited = 0; waited < END_WITHIN_MS && (await lives()); waited += LOOK_MS) await sleep(LOOK_MS);
    },
  };
}

const TICKS_PER_SECOND = 100;

/**
 * When a process that begins at `time` begins, as /proc would say: in ticks since the machine began. By our own start,
 * for /proc/uptime may be that of a container.
 */
export async function ticksAt(time: Date): Promise<number> {
  const own = await startTicks('self');
  if (own === null) return Number.MAX_SAFE_INTEGER;
  const seconds = process.uptime() - (Date.now() - time.getTime()) / 1_000;
  return Number(own) + Math.ceil(seconds * TICKS_PER_SECOND);
}

async function startTicks(pid: number | 'self'): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  // One that has ended stays as a zombie for as long as its parent does not look.
  return fields?.[0] === 'Z' ? null : (fields?.[19] ?? null);
}
