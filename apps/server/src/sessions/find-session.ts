import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Status, TurnStatus } from '@aaas/contract/lifecycle';
import type { Pool } from 'pg';

/** A session as clients see it. */
export interface SessionView {
  id: string;
  agentId: string;
  agentVersion: number;
  definition: AgentDefinition;
  environmentId: string;
  title: string | null;
  metadata: Record<string, string>;
  status: Status;
  turnStatus: TurnStatus;
  createdAt: Date;
  updatedAt: Date;
  archivedAt: Date | null;
}

/** The caller has checked that the session is its tenant's. */
export async function findSession(pool: Pool, sessionId: string): Promise<SessionView | null> {
  const result = await pool.query<SessionView>({
    name: 'sessions.find',
    text: `select s.id, s.agent_id as "agentId", s.agent_version as "agentVersion", v.definition,
                  s.environment_id as "environmentId", s.title, s.metadata, s.status, s.turn_status as "turnStatus",
                  s.created_at as "createdAt", s.updated_at as "updatedAt", s.archived_at as "archivedAt"
             from sessions s join agent_versions v on v.agent_id = s.agent_id and v.version = s.agent_version
            where s.id = $1`,
    values: [sessionId],
  });
  return result.rows[0] ?? null;
}

/** The agent of a session; null when there is no such session in the workspace. */
export async function findSessionAgent(pool: Pool, workspaceId: string, sessionId: string): Promise<string | null> {
  const result = await pool.query<{ agentId: string }>({
    name: 'sessions.agent',
    text: `select agent_id as "agentId" from sessions
            where id = $1 and workspace_id = $2 and intent <> 'archived' and not ephemeral`,
    values: [sessionId, workspaceId],
  });
  return result.rows[0]?.agentId ?? null;
}
