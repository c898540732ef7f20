import type { TurnError } from '../turns/judge-turn.ts';
import type { RunnerParts } from './runner-parts.ts';
import { transition } from './transition.ts';

const LEAST_MS = 1_000;
const LONGEST_MS = 60_000;

/** No model provider answers: the turn waits, without a process, and goes on from the transcript. */
export async function waitForProvider(parts: RunnerParts, failures: number, error: TurnError): Promise<void> {
  const { ctx, owned, bounds, turns, sandbox } = parts;
  await sandbox.close();
  const delay = providerDelay(failures, bounds.recoveryBackoffMs, Math.random());
  const retryAt = new Date(ctx.now().getTime() + delay);
  ctx.metrics.turnPostponed();
  await transition(
    ctx,
    owned,
    parts.row(),
    { sandboxPhase: 'recovering', turnStatus: 'rescheduling', pid: null, retryAt },
    {
      reason: 'provider_down',
      detail: error.message,
      nextAction: `ask the model again at ${retryAt.toISOString()}`,
    },
    [],
    turns.turnId,
  );
}

/**
 * Milliseconds before a turn asks again after `failures` failures in a row: doubling from the backoff up to a minute,
 * with up to half of jitter. At once would be no use: the gateway has only just given up.
 */
export function providerDelay(failures: number, backoffMs: number, random: number): number {
  const bare = Math.max(LEAST_MS, backoffMs) * 2 ** Math.min(failures - 1, 20);
  return Math.round(Math.min(bare, LONGEST_MS) * (0.75 + random / 2));
}
