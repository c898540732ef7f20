import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';
import { findMainSession, recallMainSession } from '../../../../agents/find-main-session.ts';
import { findSessionAgent } from '../../../../sessions/find-session.ts';
import type { Api } from '../../../api.ts';
import { agentNotFound, id, isId } from '../agents/agent-params.ts';

const turn_id = id;

/**
 * What is done with a session has two addresses: its agent's, which means the main session, and its own. A route
 * registers itself under both: `for (const { base, noun, params } of SESSION_ADDRESSES) app.post(`${base}/stop`, …)`,
 * and finds the session with `sessionOf`.
 */
export const SESSION_ADDRESSES = [
  {
    base: '/api/v1/agents/:agent_id',
    noun: 'agents',
    params: z.object({ agent_id: id }),
    turnParams: z.object({ agent_id: id, turn_id }),
  },
  {
    base: '/api/v1/sessions/:session_id',
    noun: 'sessions',
    params: z.object({ session_id: id }),
    turnParams: z.object({ session_id: id, turn_id }),
  },
] as const;

export const SessionParams = z.object({ session_id: id });

/** The session behind a path. */
export interface SessionTarget {
  workspaceId: string;
  sessionId: string;
  agentId: string;
  /** The address by which the caller named it, relative to the server. */
  endpoint: string;
}

interface Addressed {
  principal: { workspaceId: string };
  params: { agent_id: string } | { session_id: string };
}

/** @throws not_found, also for another tenant's. */
export async function sessionOf(api: Api, request: Addressed): Promise<SessionTarget> {
  return resolve(api, request, findMainSession);
}

/**
 * The same from memory: the session may be gone. For the path of a message, whose own statement refuses what is
 * archived (`addInput`).
 */
export async function recalledSessionOf(api: Api, request: Addressed): Promise<SessionTarget> {
  return resolve(api, request, recallMainSession);
}

async function resolve(api: Api, request: Addressed, mainSession: typeof findMainSession): Promise<SessionTarget> {
  const { workspaceId } = request.principal;
  const { params } = request;
  if ('agent_id' in params) {
    const { agent_id: agentId } = params;
    const sessionId = isId(agentId) ? await mainSession(api.ctx.pool, workspaceId, agentId) : null;
    if (!sessionId) throw agentNotFound(agentId);
    return { workspaceId, sessionId, agentId, endpoint: `/api/v1/agents/${agentId}` };
  }
  const { session_id: sessionId } = params;
  const agentId = isId(sessionId) ? await findSessionAgent(api.ctx.pool, workspaceId, sessionId) : null;
  if (!agentId) throw sessionNotFound(sessionId);
  return { workspaceId, sessionId, agentId, endpoint: `/api/v1/sessions/${sessionId}` };
}

/** The error for a session that was there a moment ago, in the words of the address that was asked. */
export function targetNotFound(target: SessionTarget): ApiError {
  return target.endpoint.startsWith('/api/v1/agents/')
    ? agentNotFound(target.agentId)
    : sessionNotFound(target.sessionId);
}

export function sessionNotFound(sessionId: string): ApiError {
  return new ApiError(
    'not_found',
    `There is no session ${sessionId.slice(0, 128)}. GET /api/v1/sessions lists those there are.`,
  );
}
