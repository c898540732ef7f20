import type { Status } from '@aaas/contract/lifecycle';
import type { Placement } from '@aaas/contract/placement';
import type { Pool } from 'pg';
import { SESSION_STATE, type SessionState } from './session-state.ts';

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
  page: { order: 'asc' | 'desc'; after?: string | undefined; limit: number },
): Promise<ListedSession[]> {
  const result = await pool.query<ListedSession>({
    name: `sessions.list-${page.order}`,
    text: `${VIEW} and ($2::text is null or s.agent_id = $2) and ($3::text[] is null or s.status = any ($3))
             and ($4::jsonb is null or s.metadata @> $4)
             and ($5::timestamptz is null or s.created_at > $5) and ($6::timestamptz is null or s.created_at < $6)
             and ($7::text is null or s.id collate "C" ${page.order === 'desc' ? '<' : '>'} $7)
           order by s.id collate "C" ${page.order} limit $8`,
    values: [
      workspaceId,
      filter.agentId ?? null,
      filter.status ?? null,
      filter.metadata ?? null,
      filter.createdAfter ?? null,
      filter.createdBefore ?? null,
      page.after ?? null,
      page.limit,
    ],
  });
  return result.rows;
}
