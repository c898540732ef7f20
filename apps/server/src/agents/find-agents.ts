import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Status, StatusReason } from '@aaas/contract/lifecycle';
import type { Pool } from 'pg';

/** An agent with its main session, as the operations API shows it. */
export interface AgentView {
  id: string;
  sessionId: string;
  version: number;
  definition: AgentDefinition;
  createdAt: Date;
  status: Status;
  statusReason: StatusReason;
  statusSince: Date;
  statusDetail: string | null;
  nextAction: string | null;
  pid: number | null;
  nodeId: string | null;
  restarts: number;
  messagesCount: number;
  waiting: number;
  usage: { inputTokens: number; outputTokens: number; costNanousd: number };
}

const VIEW = `
  select a.id, s.id as "sessionId", s.agent_version as version, v.definition, a.created_at as "createdAt", s.status,
         s.status_reason as "statusReason", s.status_since as "statusSince", s.status_detail as "statusDetail",
         s.next_action as "nextAction", s.pid, case when s.pid is null then null else s.node_id end as "nodeId",
         s.restarts, s.messages_count as "messagesCount",
         (select count(*)::int from inputs i where i.session_id = s.id and i.consumed_seq is null) as waiting,
         (select json_build_object('inputTokens', coalesce(sum(t.input_tokens + t.cache_read_input_tokens + t.cache_creation_input_tokens), 0),
                                   'outputTokens', coalesce(sum(t.output_tokens), 0),
                                   'costNanousd', coalesce(sum(t.cost_nanousd), 0))
            from turns t where t.session_id = s.id) as usage
    from agents a
    join sessions s on s.id = a.main_session_id
    join agent_versions v on v.agent_id = a.id and v.version = s.agent_version
   where a.workspace_id = $1 and a.archived_at is null`;

export async function findAgent(pool: Pool, workspaceId: string, agentId: string): Promise<AgentView | null> {
  const result = await pool.query<AgentView>({
    name: 'agents.find',
    text: `${VIEW} and a.id = $2`,
    values: [workspaceId, agentId],
  });
  return result.rows[0] ?? null;
}

/** Newest first. `after` is the id of the last agent of the page before. */
export async function listAgents(
  pool: Pool,
  workspaceId: string,
  filter: { status?: string | undefined; agentType?: string | undefined; after?: string | undefined; limit: number },
): Promise<AgentView[]> {
  const result = await pool.query<AgentView>({
    name: 'agents.list',
    text: `${VIEW} and ($2::text is null or s.status = $2) and ($3::text is null or a.agent_type = $3)
             and ($4::text is null or a.id < $4)
           order by a.id desc limit $5`,
    values: [workspaceId, filter.status ?? null, filter.agentType ?? null, filter.after ?? null, filter.limit],
  });
  return result.rows;
}
