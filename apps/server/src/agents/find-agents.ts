import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Status } from '@aaas/contract/lifecycle';
import type { Pool } from 'pg';
import { SESSION_STATE, type SessionState } from '../sessions/session-state.ts';

/** An agent with how its main session stands. */
export interface AgentView extends SessionState {
  id: string;
  sessionId: string;
  /** The newest version; `definition` is of it. */
  version: number;
  /** The version that the main session works with: it takes the newest one when its turn has ended. */
  activeVersion: number;
  definition: AgentDefinition;
  metadata: Record<string, string>;
  createdAt: Date;
}

// An agent without a main session is being removed, or answers queries: nobody sees it.
const FROM = `
    from agents a
    join sessions s on s.id = a.main_session_id
    join agent_versions v on v.agent_id = a.id and v.version = a.current_version
   where a.workspace_id = $1 and a.archived_at is null and not a.hidden`;

const VIEW = `
  select a.id, s.id as "sessionId", a.current_version as version, s.agent_version as "activeVersion", v.definition,
         a.metadata, a.created_at as "createdAt", ${SESSION_STATE} ${FROM}`;

export async function findAgent(pool: Pool, workspaceId: string, agentId: string): Promise<AgentView | null> {
  const result = await pool.query<AgentView>({
    name: 'agents.find',
    text: `${VIEW} and a.id = $2`,
    values: [workspaceId, agentId],
  });
  return result.rows[0] ?? null;
}

/** What agents are looked for. What is left out is not asked. */
export interface AgentFilter {
  status?: Status[] | undefined;
  agentType?: string[] | undefined;
  model?: string[] | undefined;
  /** The whole name. */
  name?: string | undefined;
  /** A part of the name, in any case. */
  nameContains?: string | undefined;
  metadata?: Record<string, string> | undefined;
  createdAfter?: Date | undefined;
  createdBefore?: Date | undefined;
}

export interface Page {
  order: 'asc' | 'desc';
  /** The id of the last entry of the page before. */
  after?: string | undefined;
  limit: number;
}

const MATCHES = `
         and ($2::text[] is null or s.status = any ($2)) and ($3::text[] is null or a.agent_type = any ($3))
         and ($4::text[] is null or v.definition ->> 'model' = any ($4)) and ($5::text is null or a.name = $5)
         and ($6::text is null or strpos(lower(a.name), lower($6)) > 0) and ($7::jsonb is null or a.metadata @> $7)
         and ($8::timestamptz is null or a.created_at > $8) and ($9::timestamptz is null or a.created_at < $9)`;

function parameters(workspaceId: string, filter: AgentFilter): unknown[] {
  return [
    workspaceId,
    filter.status ?? null,
    filter.agentType ?? null,
    filter.model ?? null,
    filter.name ?? null,
    filter.nameContains ?? null,
    filter.metadata ?? null,
    filter.createdAfter ?? null,
    filter.createdBefore ?? null,
  ];
}

/** By the time of their making. */
export async function listAgents(
  pool: Pool,
  workspaceId: string,
  filter: AgentFilter,
  { order, after, limit }: Page,
): Promise<AgentView[]> {
  const result = await pool.query<AgentView>({
    name: `agents.list-${order}`,
    text: `${VIEW} ${MATCHES} and ($10::text is null or a.id collate "C" ${order === 'desc' ? '<' : '>'} $10)
           order by a.id collate "C" ${order} limit $11`,
    values: [...parameters(workspaceId, filter), after ?? null, limit],
  });
  return result.rows;
}

/** Ids of agents, oldest first. */
export async function findAgentIds(
  pool: Pool,
  workspaceId: string,
  filter: AgentFilter,
  limit: number,
): Promise<string[]> {
  const result = await pool.query<{ id: string }>({
    name: 'agents.ids',
    text: `select a.id ${FROM} ${MATCHES} order by a.id collate "C" limit $10`,
    values: [...parameters(workspaceId, filter), limit],
  });
  return result.rows.map((row) => row.id);
}
