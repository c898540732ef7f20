import type { AgentDefinition } from '@aaas/contract/agent-config';
import { newId } from '@aaas/contract/ids';
import type { McpServerRequest } from '@aaas/contract/mcp';
import { transaction } from '../postgres/transaction.ts';
import { insertSession } from '../sessions/create-session.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { sealEnv } from './env/seal-env.ts';
import { storeServers } from './mcp/store-servers.ts';

export interface CreatedAgent {
  agentId: string;
  sessionId: string;
}

/** Stores an agent, its first version and its main session, in one transaction. `start`: it is brought up at once. */
export async function createAgent(
  ctx: SessionContext,
  workspaceId: string,
  environmentId: string,
  agentId: string,
  definition: AgentDefinition,
  start: boolean,
  metadata: Record<string, string> = {},
  servers: Record<string, McpServerRequest> = {},
): Promise<CreatedAgent> {
  const now = ctx.now();
  const sessionId = newId('sesn');
  await transaction(ctx.pool, async (db) => {
    await db.query(
      `insert into agents (id, workspace_id, name, agent_type, main_session_id, metadata, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $7)`,
      [agentId, workspaceId, definition.name, definition.agent_type, sessionId, metadata, now],
    );
    const stored = await sealEnv(db, ctx.keyring, { workspaceId, agentId }, definition);
    const mcp_servers = await storeServers(db, ctx.keyring, { workspaceId, agentId }, servers);
    await db.query(
      'insert into agent_versions (agent_id, version, workspace_id, definition, created_at) values ($1, 1, $2, $3, $4)',
      [agentId, workspaceId, { ...stored, mcp_servers }, now],
    );
    const { harness } = definition;
    const { region: homeRegion } = ctx;
    const session = { id: sessionId, workspaceId, agentId, version: 1, environmentId, harness, homeRegion, start };
    await insertSession(db, now, session);
  });
  ctx.metrics.agentCreated(definition.agent_type);
  return { agentId, sessionId };
}
