import type { StopReason, TurnState } from '@aaas/contract/events';
import type { Status } from '@aaas/contract/lifecycle';
import type { Pool } from 'pg';

/** A turn as clients see it. Times are null until they come. */
export interface TurnView {
  id: string;
  sessionId: string;
  state: TurnState;
  attempts: number;
  response: string | null;
  stopReason: StopReason | null;
  error: { type: string; message: string } | null;
  model: string | null;
  inputTokens: number;
  outputTokens: number;
  cacheReadInputTokens: number;
  cacheCreationInputTokens: number;
  costNanousd: number;
  acceptedAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  messagesCount: number;
  sessionStatus: Status;
  /** What it waits for, oldest first. */
  approvals: string[];
}

/** Of `turns t`, by the names above. */
export const TURN_COLUMNS = `
  t.id, t.session_id as "sessionId", t.state, t.attempts, t.response, t.stop_reason as "stopReason", t.error, t.model,
  t.input_tokens as "inputTokens", t.output_tokens as "outputTokens", t.cache_read_input_tokens as "cacheReadInputTokens",
  t.cache_creation_input_tokens as "cacheCreationInputTokens", t.cost_nanousd as "costNanousd",
  t.accepted_at as "acceptedAt", t.started_at as "startedAt", t.ended_at as "endedAt"`;

const FIND = {
  name: 'turns.find',
  text: `select ${TURN_COLUMNS}, coalesce(t.messages_count, s.messages_count) as "messagesCount", s.status as "sessionStatus",
                array(select a.id from approvals a
                       where a.session_id = t.session_id and a.turn_id = t.id and a.state = 'open' and a.listed_at is not null and a.noted_at is null
                       order by a.id) as approvals
           from turns t join sessions s on s.id = t.session_id
          where t.session_id = $1 and t.id = $2`,
};

/** The caller has checked that the session is its tenant's. */
export async function findTurn(pool: Pool, sessionId: string, turnId: string): Promise<TurnView | null> {
  return (await pool.query<TurnView>({ ...FIND, values: [sessionId, turnId] })).rows[0] ?? null;
}

export function hasEnded(turn: Pick<TurnView, 'state'>): boolean {
  return turn.state !== 'queued' && turn.state !== 'running';
}

/** The turn waits for a person's word. */
export function waitsForAnswer(turn: Pick<TurnView, 'approvals'>): boolean {
  return turn.approvals.length > 0;
}

/** The turn waits for somebody to start its agent again. */
export function isStranded(turn: Pick<TurnView, 'state' | 'sessionStatus'>): boolean {
  return turn.state === 'queued' && (turn.sessionStatus === 'error' || turn.sessionStatus === 'stopped');
}
