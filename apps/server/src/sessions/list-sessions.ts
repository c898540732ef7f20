import type { Status } from '@aaas/contract/lifecycle';
import type { Placement } from '@aaas/contract/placement';
import type { Pool } from 'pg';
import { Conditions } from '../postgres/conditions.ts';
import { SESSION_STATE, type SessionState } from './session-state.ts';
import { indexedCondition } from './status-index.ts';

/** A session with how it stands. */
export interface ListedSession extends SessionState {
  id: string;
  agentId: string;
  agentVersion: number;
  /** The version that it takes when its turn has ended. */
  nextVersion: number | null;
  /** It is the main session of its agent. */
  main: boolean;
  title: string | null;
  metadata: Record<string, string>;
  /** What it was given of its own. */
  placement: Placement | null;
  createdAt: Date;
  updatedAt: Date;
}

// Sessions of queries are nobody's business but the query's.
const VIEW = `
  select s.id, s.agent_id as "agentId", s.agent_version as "agentVersion", s.next_version as "nextVersion",
         coalesce(a.main_session_id = s.id, false) as main, s.title, s.metadata, s.placement,
         s.created_at as "createdAt", s.updated_at as "updatedAt", ${SESSION_STATE}
    from sessions s join agents a on a.id = s.agent_id
   where s.workspace_id = $1 and s.intent <> 'archived' and not s.ephemeral`;

export async function findListedSession(
  pool: Pool,
  workspaceId: string,
  sessionId: string,
): Promise<ListedSession | null> {
  const result = await pool.query<ListedSession>({
    name: 'sessions.get',
    text: `${VIEW} and s.id = $2`,
    values: [workspaceId, sessionId],
  });
  return result.rows[0] ?? null;
}

/** What sessions are looked for. What is left out is not asked. */
export interface SessionFilter {
  agentId?: string | undefined;
  status?: Status[] | undefined;
  metadata?: Record<string, string> | undefined;
  createdAfter?: Date | undefined;
  createdBefore?: Date | undefined;
}

/** By the time of their making. `after` is the id of the last session of the page before. */
export async function listSessions(
  pool: Pool,
  workspaceId: string,
  filter: SessionFilter,
  { order, after, limit }: { order: 'asc' | 'desc'; after?: string | undefined; limit: number },
): Promise<ListedSession[]> {
  const conditions = new Conditions();
  conditions.parameter(workspaceId);
  conditions
    .add(filter.agentId, (p) => `s.agent_id = ${p}`)
    .add(filter.status, (p) => `s.status = any (${p}::text[])`)
    .add(filter.metadata, (p) => `s.metadata @> ${p}::jsonb`)
    .add(filter.createdAfter, (p) => `s.created_at > ${p}`)
    .add(filter.createdBefore, (p) => `s.created_at < ${p}`);
  const plain = conditions.values.length === 1;
  const few = indexedCondition(filter.status);
  conditions.add(after, (p) => `s.id collate "C" ${order === 'desc' ? '<' : '>'} ${p}`);
  const text = `${VIEW} ${few ? `and ${few}` : ''} ${conditions.text}
           order by s.id collate "C" ${order} limit ${conditions.parameter(limit)}`;
  // With filters the best plan depends on what they are: it is made anew each time.
  const name = plain ? { name: `sessions.list-${order}${after === undefined ? '' : '-after'}` } : {};
  return (await pool.query<ListedSession>({ ...name, text, values: conditions.values })).rows;
}
