import { newId } from '@aaas/contract/ids';
import type { Principal } from '../principal.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import type { ModelRequest } from './model-request.ts';
import { type Cost, priceOf } from './prices.ts';
import type { Reading } from './read-message.ts';

/** How a request went, filled in as it goes. */
export interface Course {
  /** Of the clock that never goes back. */
  startedAt: number;
  attempts: number;
  /** An attempt went out on a connection; from then on the request has a row in the ledger. */
  reached: boolean;
  /** Of the last attempt; 0 while it has none. */
  status: number;
  firstByteAt: number | null;
}

const MAX_NAME_CHARS = 256;
const SIMULATED: Cost = { nanousd: 0, version: 'simulated' };

/** The ledger row of a request. `model` is the one it asked for; the one that answered is what is billed. */
export function entryOf(
  principal: Principal,
  upstream: Upstream,
  model: string,
  course: Course,
  reading: Reading,
  time: { now: number; wall: number },
): ModelRequest {
  const billed = named(reading.model ?? model);
  return {
    id: newId('mreq', time.wall),
    at: new Date(time.wall),
    principal,
    upstream: upstream.name,
    model: billed,
    status: course.status,
    stopReason: reading.stopReason === null ? null : named(reading.stopReason),
    attempts: course.attempts,
    usage: reading.usage,
    cost: upstream.simulated ? SIMULATED : priceOf(billed, reading.usage),
    firstByteMs: course.firstByteAt === null ? null : Math.round(course.firstByteAt - course.startedAt),
    durationMs: Math.round(time.now - course.startedAt),
  };
}

// The agent chooses the name of the model: a NUL in it would keep the row out of the database.
function named(text: string): string {
  return text.slice(0, MAX_NAME_CHARS).replaceAll('\0', '');
}
