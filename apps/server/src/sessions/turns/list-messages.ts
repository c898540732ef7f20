import type { TurnState } from '@aaas/contract/events';
import type { Pool } from 'pg';

/** A message and its answer. `position` is its place in the inbox. */
export interface MessageView {
  position: number;
  turnId: string;
  state: TurnState;
  message: string;
  response: string | null;
  acceptedAt: Date;
  endedAt: Date | null;
}

/** Messages after a position, oldest first. The caller has checked that the session is its tenant's. */
export async function listMessages(
  pool: Pool,
  sessionId: string,
  after: number,
  limit: number,
): Promise<MessageView[]> {
  const result = await pool.query<MessageView & { payload: string }>({
    name: 'messages.list',
    text: `select t.position, t.id as "turnId", t.state, t.response, t.accepted_at as "acceptedAt", t.ended_at as "endedAt",
                  i.payload
             from turns t join inputs i on i.session_id = t.session_id and i.position = t.position
            where t.session_id = $1 and t.position > $2 order by t.position limit $3`,
    values: [sessionId, after, limit],
  });
  return result.rows.map(({ payload, ...row }) => ({ ...row, message: textOf(JSON.parse(payload)) }));
}

function textOf(input: { content?: { type: string; text?: string }[] }): string {
  return (input.content ?? []).flatMap((block) => (block.type === 'text' ? [block.text ?? ''] : [])).join('\n');
}
