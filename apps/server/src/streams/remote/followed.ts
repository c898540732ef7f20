import type { StreamSignal } from '../stream-hub.ts';
import type { NumberedSignal } from './signal-batch.ts';

/** A session of another node that somebody follows here. */
export interface Followed {
  readonly sessionId: string;
  /** The last number heard from each origin. */
  readonly heard: Map<string, number>;
  /** Whether its channel in Redis is heard. */
  channel: 'none' | 'joining' | 'joined';
  /** The origin that has said in Redis that it owns the session, and so publishes there. */
  owner: string | null;
  /** The node over whose link it comes. */
  link: string | null;
  /** Since when nobody listens any more. */
  leftAt: number | null;
  /** When its owner was last looked up, and when that is due again. */
  lookedAt: number;
  lookDue: number;
}

const ORIGINS_MAX = 8;

export function newFollowed(sessionId: string, lookDue: number): Followed {
  return {
    sessionId,
    heard: new Map(),
    channel: 'none',
    owner: null,
    link: null,
    leftAt: null,
    lookedAt: Number.NEGATIVE_INFINITY,
    lookDue,
  };
}

/** Of what came from an origin, by whatever way, that which has not come before; from now on it has. */
export function takeNew({ heard }: Followed, origin: string, signals: NumberedSignal[]): StreamSignal[] {
  let last = heard.get(origin) ?? 0;
  const fresh: StreamSignal[] = [];
  for (const { n, signal } of signals) {
    if (n <= last) continue;
    last = n;
    fresh.push(signal);
  }
  // The latest stands last, for the oldest to be forgotten.
  heard.delete(origin);
  heard.set(origin, last);
  for (const oldest of heard.keys()) if (heard.size > ORIGINS_MAX) heard.delete(oldest);
  return fresh;
}
