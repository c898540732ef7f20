import { newId } from '@aaas/contract/ids';
import type { Principal } from '../principal.ts';
import type { OpenUpstream } from '../upstreams/upstream.ts';
import type { ModelRequest } from './model-request.ts';
import { type Cost, priceOf } from './prices.ts';
import type { Reading } from './read-message.ts';

/** How a request went, filled in as it goes. */
export interface Course {
  /** Of the clock that never goes back. */
  startedAt: number;
  attempts: number;
  /** Where the last attempt that went out on a connection went; from the first one on the request has a row. */
  reached: { upstream: OpenUpstream; model: string } | null;
  /** Of that attempt; 0 while it has none. */
  status: number;
  firstByteAt: number | null;
}

const MAX_NAME_CHARS = 256;
const SIMULATED: Cost = { nanousd: 0, version: 'simulated' };

export function newCourse(startedAt: number): Course {
  return { startedAt, attempts: 0, reached: null, status: 0, firstByteAt: null };
}

/** The ledger row of a request that `reached` an upstream. Billed is the model that answered. */
export function entryOf(
  principal: Principal,
  reached: NonNullable<Course['reached']>,
  course: Course,
  reading: Reading,
  time: { now: number; wall: number },
): ModelRequest {
  const { upstream } = reached;
  const billed = named(reading.model ?? reached.model);
  const { usage } = reading;
  const uncountedOutputTokens = Math.max(0, reading.passedTokens - usage.outputTokens);
  const charged = { ...usage, outputTokens: usage.outputTokens + uncountedOutputTokens };
  return {
    id: newId('mreq', time.wall),
    at: new Date(time.wall),
    principal,
    upstream: upstream.name,
    model: billed,
    status: course.status,
    stopReason: reading.stopReason === null ? null : named(reading.stopReason),
    attempts: course.attempts,
    usage,
    uncountedOutputTokens,
    cost: upstream.simulated ? SIMULATED : priceOf(billed, charged),
    firstByteMs: course.firstByteAt === null ? null : Math.round(course.firstByteAt - course.startedAt),
    durationMs: Math.round(time.now - course.startedAt),
  };
}

// The agent chooses the name of the model: a NUL in it would keep the row out of the database.
function named(text: string): string {
  return text.slice(0, MAX_NAME_CHARS).replaceAll('\0', '');
}
