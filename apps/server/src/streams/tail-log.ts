import type { LiveDelta, LoggedEvent } from '@aaas/contract/events';
import { readPatiently } from '../postgres/database-away.ts';
import { hasLog, readLog } from '../sessions/log/read-log.ts';
import type { SessionContext } from '../sessions/session-context.ts';

export type Tailed =
  | { kind: 'event'; event: LoggedEvent }
  | { kind: 'delta'; turnId: string; delta: LiveDelta }
  | { kind: 'accepted'; type: string; payload: string }
  /**
   * slow: the reader was, live pieces were dropped, and the log goes on after this sequence. removed: events up to this
   * sequence are no longer kept, and some of them the reader has not had.
   */
  | { kind: 'resync'; after: number; reason: 'slow' | 'removed' }
  | { kind: 'deleted' };

const PAGE = 500;
const POLL_MS = 1_000;
/** After so many looks in a row that found nothing it is asked whether there is a session at all: the hint may be lost. */
const EMPTY_LOOKS = 3;
/** Signals that may wait for a slow reader. */
const BACKLOG_MAX = 5_000;

/**
 * Follows the log of a session from after a sequence: what is stored first, then what comes, in order, each event
 * once. Events are handed over as they are published; a gap, or a second of silence, is filled from the log itself.
 */
export async function* tailLog(
  ctx: SessionContext,
  sessionId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Tailed> {
  const backlog: Tailed[] = [];
  let ring: () => void = () => {};
  let overflown = false;
  let deleted = false;
  let changed = false;
  let emptyLooks = 0;
  const unsubscribe = ctx.streams.subscribe(sessionId, (hint) => {
    if (backlog.length > BACKLOG_MAX) {
      overflown = true;
      backlog.length = 0;
    }
    if (hint.kind === 'events') backlog.push(...hint.events.map((event) => ({ kind: 'event' as const, event })));
    else if (hint.kind === 'deleted') deleted = true;
    else if (hint.kind === 'changed') changed = true;
    else if (hint.kind !== 'turn_ended') backlog.push(hint);
    ring();
  });
  const stop = () => ring();
  signal.addEventListener('abort', stop);
  let last = after;
  const read = () => readPatiently(() => readLog(ctx.pool, sessionId, last, PAGE), signal);
  const isGone = () => readPatiently(async () => !(await hasLog(ctx.pool, sessionId)), signal);
  try {
    for (let fromLog = true; !signal.aborted; ) {
      if (overflown) {
        overflown = false;
        yield { kind: 'resync', after: last, reason: 'slow' };
        fromLog = true;
      }
      if (fromLog || changed) {
        fromLog = false;
        changed = false;
        const before = last;
        for (let page = await read(); ; page = await read()) {
          for (const event of page) {
            // The only gap of a log is at its front, where old events go.
            if (event.seq > last + 1) yield { kind: 'resync', after: event.seq - 1, reason: 'removed' };
            last = event.seq;
            yield { kind: 'event', event };
          }
          if (page.length < PAGE) break;
        }
        emptyLooks = last === before ? emptyLooks + 1 : 0;
        if (emptyLooks > 0 && emptyLooks % EMPTY_LOOKS === 0 && (await isGone())) deleted = true;
      }
      for (let next = backlog.shift(); next; next = backlog.shift()) {
        if (next.kind !== 'event') yield next;
        else if (next.event.seq > last + 1) {
          // Something came in between that this process did not publish.
          fromLog = true;
          backlog.unshift(next);
          break;
        } else if (next.event.seq === last + 1) {
          last = next.event.seq;
          yield next;
        }
      }
      if (deleted) {
        yield { kind: 'deleted' };
        return;
      }
      if (fromLog || changed || overflown || backlog.length > 0) continue;
      fromLog = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), POLL_MS);
        ring = () => {
          clearTimeout(timer);
          resolve(false);
        };
        if (signal.aborted || backlog.length > 0 || changed || deleted) ring();
      });
      ring = () => {};
    }
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', stop);
  }
}
