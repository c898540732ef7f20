import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../limits.ts';
import type { Part } from '../reply/reply.ts';
import { tokensOf } from '../request/estimate-tokens.ts';

/** The shortest time between two pieces of a paced text; faster texts come in longer pieces. */
const SHORTEST_TICK_SECONDS = 0.02;

/** The size of the pieces of a text at a pace, and the milliseconds that each of them takes. */
export function paceOf(tokensPerSecond: number): { charactersPerTick: number; tickMs: number } {
  const charactersPerSecond = tokensPerSecond * 4;
  const charactersPerTick = Math.max(4, Math.ceil(charactersPerSecond * SHORTEST_TICK_SECONDS));
  return { charactersPerTick, tickMs: (charactersPerTick / charactersPerSecond) * 1000 };
}

/** Milliseconds that the parts take together, as a response that is not streamed waits for them. */
export function durationOf(parts: readonly Part[]): number {
  let ms = 0;
  for (const part of parts) {
    if (part.kind === 'wait') ms += part.ms;
    else if (part.kind === 'text' && part.tokensPerSecond !== undefined) {
      ms += (tokensOf(part.text.length) / part.tokensPerSecond) * 1000;
    }
  }
  return ms;
}

/** Aborts when the client has gone, or when the simulator closes: both close the connection. */
export function clientGone(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  else response.once('close', () => controller.abort());
  return controller.signal;
}

/** Waits; false when the client went away meanwhile. */
export async function pause(ms: number, gone: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal: gone });
    return true;
  } catch {
    return false;
  }
}

/** Nothing is sent any more. The connection stays until the client closes it or the longest silence is over. */
export async function stall(response: ServerResponse): Promise<void> {
  if (await pause(LIMITS.waitMs, clientGone(response))) response.destroy();
}
