import type { TurnState } from '@aaas/contract/events';
import type { Pool } from 'pg';

/** A message and its answer. `position` is its place in the inbox. */
export interface MessageView {
  position: number;
  turnId: string;
  state: TurnState;
  message: string;
  response: string | null;
  stopReason: string | null;
  model: string | null;
  inputTokens: number;
  outputTokens: number;
  cacheReadInputTokens: number;
  cacheCreationInputTokens: number;
  costNanousd: number;
  acceptedAt: Date;
  endedAt: Date | null;
}

/** Messages beyond a position, in either direction. The caller has checked that the session is its tenant's. */
export async function listMessages(
  pool: Pool,
  sessionId: string,
  page: { order: 'asc' | 'desc'; beyond: number | null; limit: number },
): Promise<MessageView[]> {
  const result = await pool.query<MessageView & { payload: string }>({
    name: `messages.list-${page.order}`,
    text: `select t.position, t.id as "turnId", t.state, t.response, t.accepted_at as "acceptedAt", t.ended_at as "endedAt",
                  t.stop_reason as "stopReason", t.model, t.input_tokens as "inputTokens", t.output_tokens as "outputTokens",
                  t.cache_read_input_tokens as "cacheReadInputTokens",
                  t.cache_creation_input_tokens as "cacheCreationInputTokens", t.cost_nanousd as "costNanousd", i.payload
             from turns t join inputs i on i.session_id = t.session_id and i.position = t.position
            where t.session_id = $1 and t.position ${page.order === 'asc' ? '>' : '<'} $2
            order by t.position ${page.order} limit $3`,
    values: [sessionId, page.beyond ?? (page.order === 'asc' ? -1 : Number.MAX_SAFE_INTEGER), page.limit],
  });
  return result.rows.map(({ payload, ...row }) => ({ ...row, message: textOf(JSON.parse(payload)) }));
}

function textOf(input: { content?: { type: string; text?: string }[] }): string {
  return (input.content ?? []).flatMap((block) => (block.type === 'text' ? [block.text ?? ''] : [])).join('\n');
}
