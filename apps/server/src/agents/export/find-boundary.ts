import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@aaas/contract/errors';
import type { Pool } from 'pg';

/** A moment between two turns: what had been written by then does not change any more. */
export interface Boundary {
  logSeq: number;
  /** The first event that is kept. When it is another one, events have gone while they were read. */
  firstSeq: number | null;
  transcriptPosition: number;
  inboxPosition: number;
  /** How many turns had begun. When there are more, the directory has moved on. */
  turnsBegun: number;
}

const BOUNDARY = {
  name: 'export.boundary',
  text: `select s.turn_status = 'idle' as idle, h.last_seq as "logSeq",
                (select e.seq from events e where e.session_id = s.id order by e.seq limit 1) as "firstSeq",
                (select coalesce(max(position), 0)::bigint from transcripts where session_id = s.id) as "transcriptPosition",
                (select coalesce(max(position), 0)::bigint from turns where session_id = s.id and state <> 'queued') as "inboxPosition",
                (select count(*)::int from turns where session_id = s.id and state <> 'queued') as "turnsBegun"
           from sessions s join session_heads h on h.session_id = s.id where s.id = $1 and s.intent <> 'archived'`,
};

const POLL_MS = 250;

/**
 * Waits until no turn runs, at most until the signal aborts.
 * @throws agent_busy when one still runs then; not_found when the session is gone
 */
export async function findBoundary(pool: Pool, sessionId: string, patience: AbortSignal): Promise<Boundary> {
  for (;;) {
    const result = await pool.query<Boundary & { idle: boolean }>({ ...BOUNDARY, values: [sessionId] });
    const row = result.rows[0];
    if (!row) throw new ApiError('not_found', 'The agent was deleted meanwhile.');
    const { idle, ...boundary } = row;
    if (idle) return boundary;
    if (patience.aborted) throw busy();
    await sleep(POLL_MS, undefined, { signal: patience }).catch(() => {});
  }
}

export function busy(): ApiError {
  return new ApiError('agent_busy', 'The agent works on a turn. Add ?wait=60 to wait for its end, or stop it first.', {
    retryAfterSeconds: 5,
  });
}
