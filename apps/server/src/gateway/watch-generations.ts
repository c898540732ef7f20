import type pg from 'pg';
import type { Logger } from 'pino';
import { WATCH_MS } from './limits.ts';
import type { TokenClaim } from './tokens.ts';

/** Ends requests in progress, however long they run, when their process has lost its session. */
export interface Watch {
  /** `onLost` is called once, soon after the session got another generation, was given up or is gone. */
  add(claim: TokenClaim, onLost: () => void): () => void;
  close(): Promise<void>;
}

const CURRENT = `
select session_id, generation from session_heads where session_id = any($1::text[]) and owner is not null`;

/** One statement for all requests in progress; none while there are none. When it fails nobody is cut off. */
export function watchGenerations(pool: pg.Pool, log: Logger, everyMs: number = WATCH_MS): Watch {
  const watched = new Map<TokenClaim, () => void>();
  let checking: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function check(): Promise<void> {
    const asked = [...watched];
    if (asked.length === 0) return;
    try {
      const sessions = [...new Set(asked.map(([claim]) => claim.sessionId))];
      const { rows } = await pool.query<{ session_id: string; generation: string | number }>({
        name: 'gateway-watch-generations',
        text: CURRENT,
        values: [sessions],
      });
      const current = new Map(rows.map((row) => [row.session_id, Number(row.generation)]));
      for (const [claim, onLost] of asked) {
        if (current.get(claim.sessionId) === claim.generation || !watched.delete(claim)) continue;
        log.info({ session_id: claim.sessionId }, 'a model request is cut off: its process lost the session');
        onLost();
      }
    } catch (err) {
      log.warn({ err }, 'the sessions of requests in progress cannot be checked');
    }
  }

  function schedule(): void {
    timer ??= setTimeout(() => {
      checking = check().finally(() => {
        timer = undefined;
        if (watched.size > 0) schedule();
      });
    }, everyMs);
  }

  return {
    add(claim, onLost) {
      watched.set(claim, onLost);
      schedule();
      return () => void watched.delete(claim);
    },
    async close() {
      clearTimeout(timer);
      await checking;
      clearTimeout(timer);
    },
  };
}
