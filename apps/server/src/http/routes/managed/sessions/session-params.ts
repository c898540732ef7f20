import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';
import type { Api } from '../../../api.ts';

export const SessionParams = z.object({ session_id: z.string().max(128) });

/** The session behind a path. @throws not_found, also for another tenant's. */
export async function requireSession(
  api: Api,
  request: { principal: { workspaceId: string }; params: { session_id: string } },
): Promise<{ workspaceId: string; sessionId: string }> {
  const { workspaceId } = request.principal;
  const { session_id: sessionId } = request.params;
  const known = /^[A-Za-z0-9_]{1,128}$/.test(sessionId) && (await exists(api, workspaceId, sessionId));
  if (!known) throw new ApiError('not_found', `Session ${sessionId.slice(0, 128)} was not found.`);
  return { workspaceId, sessionId };
}

async function exists(api: Api, workspaceId: string, sessionId: string): Promise<boolean> {
  const result = await api.ctx.pool.query({
    name: 'sessions.exists',
    text: `select 1 from sessions where id = $1 and workspace_id = $2 and intent <> 'archived' and not ephemeral`,
    values: [sessionId, workspaceId],
  });
  return result.rowCount === 1;
}
