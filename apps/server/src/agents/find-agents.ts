import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Status } from '@aaas/contract/lifecycle';
import type { Pool } from 'pg';
import { Conditions } from '../postgres/conditions.ts';
import { SESSION_STATE, type SessionState } from '../sessions/session-state.ts';
import { indexedCondition } from '../sessions/status-index.ts';

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

const COLUMNS = `
  a.id, s.id as "sessionId", a.current_version as version, s.agent_version as "activeVersion", v.definition,
  a.metadata, a.created_at as "createdAt", ${SESSION_STATE}`;

// An agent without a main session is being removed, or answers queries: nobody sees it.
const FROM = `
    from agents a
    join sessions s on s.id = a.main_session_id
    join agent_versions v on v.agent_id = a.id and v.version = a.current_version
   where a.workspace_id = $1 and a.archived_at is null and not a.hidden`;

const VIEW = `select ${COLUMNS} ${FROM}`;

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

/** The conditions on an agent; `from` holds those that every one must meet. */
function matching(workspaceId: string, filter: AgentFilter): { from: string; conditions: Conditions } {
  const conditions = new Conditions();
  conditions.parameter(workspaceId);
  conditions
    .add(filter.status, (p) => `s.status = any (${p}::text[])`)
    .add(filter.agentType, (p) => `a.agent_type = any (${p}::text[])`)
    .add(filter.model, (p) => `v.definition ->> 'model' = any (${p}::text[])`)
    .add(filter.name, (p) => `a.name = ${p}`)
    .add(filter.nameContains, (p) => `strpos(lower(a.name), lower(${p})) > 0`)
    .add(filter.metadata, (p) => `a.metadata @> ${p}::jsonb`)
    .add(filter.createdAfter, (p) => `a.created_at > ${p}`)
    .add(filter.createdBefore, (p) => `a.created_at < ${p}`);
  const few = indexedCondition(filter.status);
  // From those few sessions to their agents; without them it would be a condition too many, and mislead the planner.
  return { from: few ? `${FROM} and s.workspace_id = $1 and ${few} and a.id = s.agent_id` : FROM, conditions };
}

/** By the time of their making. */
export async function listAgents(
  pool: Pool,
  workspaceId: string,
  filter: AgentFilter,
  { order, after, limit }: Page,
): Promise<AgentView[]> {
  const { from, conditions } = matching(workspaceId, filter);
  const plain = conditions.values.length === 1;
  conditions.add(after, (p) => `a.id collate "C" ${order === 'desc' ? '<' : '>'} ${p}`);
  const text = `select ${COLUMNS} ${from} ${conditions.text} order by a.id collate "C" ${order} limit ${conditions.parameter(limit)}`;
  // With filters the best plan depends on what they are: it is made anew each time.
  const name = plain ? { name: `agents.list-${order}${after === undefined ? '' : '-after'}` } : {};
  return (await pool.query<AgentView>({ ...name, text, values: conditions.values })).rows;
}

/** Ids of agents, oldest first. */
export async function findAgentIds(
  pool: Pool,
  workspaceId: string,
  filter: AgentFilter,
  limit: number,
): Promise<string[]> {
  const { from, conditions } = matching(workspaceId, filter);
  const text = `select a.id ${from} ${conditions.text} order by a.id collate "C" limit ${conditions.parameter(limit)}`;
  return (await pool.query<{ id: string }>(text, conditions.values)).rows.map((row) => row.id);
}
