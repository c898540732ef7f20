import type { Pool } from 'pg';
import type { TurnView } from '../turns/find-turn.ts';

export interface QueryView {
  id: string;
  agentType: string;
  createdAt: Date;
  turn: TurnView;
}

interface Row extends Omit<TurnView, 'id'> {
  queryId: string;
  agentType: string;
  createdAt: Date;
  turnId: string;
}

// The turn itself while it is there, and what was kept of it afterwards.
const VIEW = `
  select q.id as "queryId", q.agent_type as "agentType", q.created_at as "createdAt", q.turn_id as "turnId",
         q.session_id as "sessionId", coalesce(t.state, q.state) as state, coalesce(t.attempts, q.attempts) as attempts,
         coalesce(t.response, q.response) as response, coalesce(t.stop_reason, q.stop_reason) as "stopReason",
         coalesce(t.error, q.error) as error, coalesce(t.model, q.model) as model,
         coalesce(t.input_tokens, q.input_tokens) as "inputTokens",
         coalesce(t.output_tokens, q.output_tokens) as "outputTokens",
         coalesce(t.cache_read_input_tokens, q.cache_read_input_tokens) as "cacheReadInputTokens",
         coalesce(t.cache_creation_input_tokens, q.cache_creation_input_tokens) as "cacheCreationInputTokens",
         coalesce(t.cost_nanousd, q.cost_nanousd) as "costNanousd", q.created_at as "acceptedAt",
         coalesce(t.started_at, q.started_at) as "startedAt", coalesce(t.ended_at, q.ended_at) as "endedAt",
         1 as "messagesCount", coalesce(s.status, 'terminated') as "sessionStatus"
    from queries q
    left join sessions s on s.id = q.session_id
    left join turns t on t.session_id = q.session_id and t.id = q.turn_id
   where q.workspace_id = $1 and (q.ended_at is null or q.ended_at >= $2)`;

/** A query and how its turn stands; null when there is none in the workspace, or when it ended before `keepSince`. */
export async function findQuery(
  pool: Pool,
  workspaceId: string,
  queryId: string,
  keepSince: Date,
): Promise<QueryView | null> {
  const result = await pool.query<Row>({
    name: 'queries.find',
    text: `${VIEW} and q.id = $3`,
    values: [workspaceId, keepSince, queryId],
  });
  return result.rows[0] ? toView(result.rows[0]) : null;
}

/** Newest first. `after` is the id of the last query of the page before. */
export async function listQueries(
  pool: Pool,
  workspaceId: string,
  keepSince: Date,
  page: { agentType?: string | undefined; after?: string | undefined; limit: number },
): Promise<QueryView[]> {
  // Not a prepared statement: one plan for pages with and without what is asked for reads all queries.
  const result = await pool.query<Row>({
    text: `${VIEW} and ($3::text is null or q.agent_type = $3) and ($4::text is null or q.id collate "C" < $4)
           order by q.id collate "C" desc limit $5`,
    values: [workspaceId, keepSince, page.agentType ?? null, page.after ?? null, page.limit],
  });
  return result.rows.map(toView);
}

function toView({ queryId, agentType, createdAt, turnId, ...turn }: Row): QueryView {
  return { id: queryId, agentType, createdAt, turn: { id: turnId, ...turn } };
}
