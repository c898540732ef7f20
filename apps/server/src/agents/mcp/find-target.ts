import type { StoredMcpServer } from '@aaas/contract/mcp';
import type { Pool } from 'pg';
import type { McpTarget } from '../../gateway/mcp/mcp-relay.ts';
import type { Keyring } from '../../secrets/keyring.ts';
import { openCredential } from './credentials.ts';

const FIND = {
  name: 'agents.find-mcp-server',
  text: `select v.definition -> 'mcp_servers' -> $3 as server
           from sessions s join agent_versions v on v.agent_id = s.agent_id and v.version = s.agent_version
          where s.id = $1 and s.workspace_id = $2`,
};

/** The server that a session's agent calls `name`; null when it has none of that name over HTTP. */
export async function findMcpTarget(
  pool: Pool,
  keyring: Keyring,
  session: { workspaceId: string; agentId: string; sessionId: string },
  name: string,
): Promise<McpTarget | null> {
  const { rows } = await pool.query<{ server: StoredMcpServer | null }>({
    ...FIND,
    values: [session.sessionId, session.workspaceId, name],
  });
  const server = rows[0]?.server;
  if (server?.type !== 'http') return null;
  return {
    url: server.url,
    headers: server.credential === null ? {} : await openCredential(pool, keyring, session, server.credential),
    timeoutSeconds: server.timeout_seconds,
  };
}
