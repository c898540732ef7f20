import { readPatiently } from '../../postgres/database-away.ts';
import type { SessionContext } from '../session-context.ts';
import { findTurn, hasEnded, isStranded, type TurnView, waitsForAnswer } from './find-turn.ts';

// The end of a turn on another node is seen this late if its hint is lost.
const POLL_MS = 1_000;

/**
 * Waits until a turn has ended, waits for a person, or cannot begin before somebody starts its agent, at most until the signal aborts;
 * returns it as it then stands. Null: it is gone. `isNew`: it was accepted just now and nobody was woken for it yet,
 * so there is nothing to look at before somebody calls.
 */
export async function waitForTurn(
  ctx: SessionContext,
  sessionId: string,
  turnId: string,
  signal: AbortSignal,
  isNew: boolean,
): Promise<TurnView | null> {
  let ring: () => void = () => {};
  let ended: TurnView | null = null;
  const unsubscribe = ctx.streams.subscribe(sessionId, (hint) => {
    if (hint.kind === 'turn_ended' && hint.turn.id === turnId) ended = hint.turn;
    const over =
      hint.kind === 'events' && hint.events.some((e) => e.turnId === turnId && e.type === 'session.status_idle');
    if (over || hint.kind === 'changed' || hint.kind === 'deleted') ring();
  });
  try {
    for (let look = !isNew; ; look = true) {
      const rung = new Promise<void>((resolve) => {
        ring = resolve;
      });
      if (!look) {
        await bounded(rung, signal);
        continue;
      }
      const turn: TurnView | null = ended ?? (await readPatiently(() => findTurn(ctx.pool, sessionId, turnId), signal));
      if (!turn || hasEnded(turn) || isStranded(turn) || waitsForAnswer(turn) || signal.aborted) return turn;
      await bounded(rung, signal);
    }
  } finally {
    unsubscribe();
  }
}

function bounded(rung: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, POLL_MS);
    signal.addEventListener('abort', done, { once: true });
    void rung.then(done);
  });
}
