import type { TurnPhase } from './turn-progress.ts';

/** Longest silence in each phase of a turn, in milliseconds; 0: no limit. */
export type StallLimits = Record<Exclude<TurnPhase, 'approval'>, number>;

const PHASES: Record<Exclude<TurnPhase, 'approval'>, string> = {
  model: 'while it waited for the model (STALL_MODEL_SECONDS)',
  stream: 'in the middle of an answer (STALL_STREAM_SECONDS)',
  tool: 'while a tool ran (STALL_TOOL_SECONDS)',
};

/** What is wrong with a turn that has been silent for so long; null: nothing. Pure. */
export function judgeStall(phase: TurnPhase, silentMs: number, limits: StallLimits): string | null {
  if (phase === 'approval' || limits[phase] === 0 || silentMs < limits[phase]) return null;
  return `the turn gave no sign of life for ${Math.round(silentMs / 1000)} s ${PHASES[phase]}`;
}
