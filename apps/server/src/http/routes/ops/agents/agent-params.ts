import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';
import { findMainSession } from '../../../../agents/find-agents.ts';
import type { Api } from '../../../api.ts';

// Anything else cannot be an id, and some of it (a NUL) must not reach the database.
const id = z.string().max(128);
const ID = /^[A-Za-z0-9_]{1,128}$/;

export const AgentParams = z.object({ agent_id: id });
export const TurnParams = z.object({ agent_id: id, turn_id: id });

/** The workspace and the main session behind a path. @throws not_found, also for another tenant's agent. */
export async function mainSessionOf(
  api: Api,
  request: { principal: { workspaceId: string }; params: { agent_id: string } },
): Promise<{ workspaceId: string; sessionId: string }> {
  const { workspaceId } = request.principal;
  const { agent_id: agentId } = request.params;
  const sessionId = ID.test(agentId) ? await findMainSession(api.ctx.pool, workspaceId, agentId) : null;
  if (!sessionId) throw agentNotFound(agentId);
  return { workspaceId, sessionId };
}

export function isId(text: string): boolean {
  return ID.test(text);
}

export function agentNotFound(agentId: string): ApiError {
  return new ApiError(
    'not_found',
    `There is no agent ${agentId.slice(0, 128)}. GET /api/v1/agents lists those there are.`,
  );
}
