import { setTimeout as sleep } from 'node:timers/promises';
import { isWithin, type UidRange } from './find-processes.ts';
import { type SeenProcess, scanProcesses } from './scan-processes.ts';
import { signalProcess } from './signal-process.ts';
import { sweepFound } from './sweep.ts';

/** All sandboxes of one life of a node. */
export interface Life {
  /** What their markers begin with. */
  marker: string;
  /** The users of its agents: a process of theirs that has lost its marker belongs to it too. Null: they have none. */
  uids: UidRange | null;
  /** Of those without a marker only the ones born before, in ticks since the machine began. */
  bornBefore?: number;
}

/** A hold on all sandboxes of a life: by signals here, and a driver of cgroups has the same acts. */
export interface LifeHold {
  /** Stops every process, those included that were born since the last call. @returns how many stand still for it. */
  freeze(): Promise<number>;
  /** Takes what is stopped already as stopped by this hold: another one may have held it before. */
  adopt(): Promise<void>;
  /** Continues what this hold has stopped, and nothing that stood still before. */
  thaw(): Promise<void>;
  /** Kills every process. @returns how many. @throws when one outlives it. */
  end(): Promise<number>;
}

const FREEZE_ROUNDS = 20;
const ROUND_PAUSE_MS = 10;

export function signalHold(life: Life): LifeHold {
  const held = new Map<number, number>();
  const find = async () => (await scanProcesses()).filter((seen) => belongs(life, seen));
  return {
    freeze: async () => {
      for (let round = 0; round < FREEZE_ROUNDS; round++) {
        const running = (await find()).filter((seen) => !seen.stopped);
        if (running.length === 0) break;
        for (const { pid, startTicks } of running) {
          signalProcess(pid, 'SIGSTOP');
          held.set(pid, startTicks);
        }
        await sleep(ROUND_PAUSE_MS);
      }
      return held.size;
    },
    adopt: async () => {
      for (const { pid, startTicks, stopped } of await find()) if (stopped) held.set(pid, startTicks);
    },
    thaw: async () => {
      for (const { pid, startTicks } of await find()) if (held.get(pid) === startTicks) signalProcess(pid, 'SIGCONT');
      held.clear();
    },
    end: () => sweepFound(async () => (await find()).map(({ pid }) => pid), `life ${life.marker}`),
  };
}

// `uids` is read each time: it grows while the node lives.
function belongs({ marker, uids, bornBefore = Number.POSITIVE_INFINITY }: Life, seen: SeenProcess): boolean {
  if (seen.marker !== null) return seen.marker.startsWith(marker);
  return isWithin(uids, seen.uid) && seen.startTicks <= bornBefore;
}
