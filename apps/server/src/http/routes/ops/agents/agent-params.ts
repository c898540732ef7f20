import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';

// Anything else cannot be an id, and some of it (a NUL) must not reach the database.
export const id = z.string().max(128);
const ID = /^[A-Za-z0-9_]{1,128}$/;

export const AgentParams = z.object({ agent_id: id });

export function isId(text: string): boolean {
  return ID.test(text);
}

export function agentNotFound(agentId: string): ApiError {
  return new ApiError(
    'not_found',
    `There is no agent ${agentId.slice(0, 128)}. GET /api/v1/agents lists those there are.`,
  );
}
