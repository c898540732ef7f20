import type { LimitsEnforcement } from '@aaas/contract/limits';
import { type Breach, cpuEvent, type LimitEvent, memoryEvent, pidsEvent } from '../breach.ts';
import { isCrowded, type Limits, type Usage } from '../limits.ts';

/** What is remembered of a sandbox between two looks. Times are in milliseconds of one clock. */
export interface Watched {
  /** Processor time at earlier looks, oldest first; no more than the window needs. */
  cpu: { at: number; micros: number }[];
  throttled: boolean;
  /** It lets the others go first. */
  yields: boolean;
  /** Looks in a row at which it used less than its share. */
  calmLooks: number;
  refused: number;
  /** Looks in a row at which it stood at its limit of processes. */
  crowded: number;
  /** When it was last told that processes were refused. */
  refusalTold: number;
  /** Processes were ended for memory, which is told at the next look: the agent itself may have been among them. */
  killsSeen: boolean;
}

export const UNWATCHED: Watched = {
  cpu: [],
  throttled: false,
  yields: false,
  calmLooks: 0,
  refused: 0,
  crowded: 0,
  refusalTold: -Infinity,
  killsSeen: false,
};

export type Finding =
  | { do: 'tell'; event: LimitEvent }
  | { do: 'tell_kills' }
  | { do: 'throttle'; on: boolean; event: LimitEvent }
  | { do: 'yield'; on: boolean }
  | { do: 'kill_largest'; breach: Breach }
  | { do: 'end'; breach: Breach };

export interface JudgeBounds {
  /** A sandbox that takes too much processor time for so long is throttled, and released after as long a calm. */
  cpuWindowMs: number;
}

// Three looks, a second apart: a build that starts a hundred compilers at once is refused some and goes on.
const CROWDED_LOOKS_MAX = 3;
const REFUSAL_TOLD_EVERY_MS = 60_000;
const CALM_LOOKS = 5;
// Below this share of its limit a throttled sandbox counts as calm.
const CALM = 0.8;

/** What follows from the usage of a sandbox. Pure. `kills`: processes ended for memory and not told yet. */
export function judgeUsage(
  before: Watched,
  { usage, kills, at }: { usage: Usage; kills: number; at: number },
  { limits, enforcement, bounds }: { limits: Limits; enforcement: LimitsEnforcement; bounds: JudgeBounds },
): { watched: Watched; findings: Finding[] } {
  const findings: Finding[] = [];
  const watched = { ...before, cpu: [...before.cpu, { at, micros: usage.cpuMicros }] };
  watched.killsSeen = kills > 0 && !before.killsSeen;
  if (kills > 0 && before.killsSeen) findings.push({ do: 'tell_kills' });
  if (enforcement.memory === 'watch' && usage.memoryBytes > limits.memoryMb * 1024 * 1024) {
    const event = memoryEvent('sandbox_killed', limits, usage);
    findings.push({ do: 'kill_largest', breach: { resource: 'memory', event } });
  }
  findings.push(...judgePids(watched, usage, at, limits, enforcement));
  findings.push(...judgeBurst(watched, limits), ...judgeCpu(watched, at, limits, bounds));
  return { watched, findings };
}

function judgePids(
  watched: Watched,
  usage: Usage,
  at: number,
  limits: Limits,
  enforcement: LimitsEnforcement,
): Finding[] {
  const findings: Finding[] = [];
  const refused = usage.pidsRefused === null ? null : usage.pidsRefused > watched.refused;
  watched.refused = usage.pidsRefused ?? 0;
  if (refused && at - watched.refusalTold >= REFUSAL_TOLD_EVERY_MS) {
    watched.refusalTold = at;
    findings.push({ do: 'tell', event: pidsEvent('refused', limits, usage.pids) });
  }
  const crowded = isCrowded(usage, limits) && refused !== false;
  watched.crowded = crowded ? watched.crowded + 1 : 0;
  // Where nothing refuses the next process there is no time to lose.
  const over = enforcement.pids === 'watch' && usage.pids > limits.pids;
  if (over || watched.crowded >= CROWDED_LOOKS_MAX) {
    const event = pidsEvent('sandbox_killed', limits, usage.pids);
    findings.push({ do: 'end', breach: { resource: 'pids', event } });
  }
  return findings;
}

/** Above its share it stands behind the others at once; that costs it nothing while there is time for all. */
function judgeBurst(watched: Watched, limits: Limits): Finding[] {
  const [before, now] = watched.cpu.slice(-2);
  if (!before || !now) return [];
  const busy = percentBetween(before, now) > limits.cpuPercent;
  watched.calmLooks = busy ? 0 : watched.calmLooks + 1;
  const wanted = busy || (watched.yields && watched.calmLooks < CALM_LOOKS);
  if (wanted === watched.yields) return [];
  watched.yields = wanted;
  return [{ do: 'yield', on: wanted }];
}

function percentBetween(a: Watched['cpu'][number], b: Watched['cpu'][number]): number {
  return Math.round((b.micros - a.micros) / 10 / (b.at - a.at));
}

function judgeCpu(watched: Watched, at: number, limits: Limits, { cpuWindowMs }: JudgeBounds): Finding[] {
  // The window begins with the youngest look that is old enough.
  const start = watched.cpu.findLastIndex((look) => at - look.at >= cpuWindowMs);
  if (start === -1) return [];
  watched.cpu = watched.cpu.slice(start);
  const [first, last] = [watched.cpu[0], watched.cpu.at(-1)];
  if (!first || !last) return [];
  const percent = percentBetween(first, last);
  const wanted = watched.throttled ? percent >= limits.cpuPercent * CALM : percent > limits.cpuPercent;
  if (wanted === watched.throttled) return [];
  watched.throttled = wanted;
  watched.cpu = [last];
  return [{ do: 'throttle', on: wanted, event: cpuEvent(wanted ? 'throttled' : 'released', limits, percent) }];
}
