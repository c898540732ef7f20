import { ApiError } from '@aaas/contract/errors';
import type { Api, App } from '../api.ts';

const RETRY_AFTER_SECONDS = 5;

/**
 * Bounds what one workspace has open at once: a stream, a wait or a slow upload holds a connection for as long as its
 * caller likes, and no count of requests a minute says how many those are. Register it after authentication.
 */
export function openRequests(app: App, api: Api): void {
  const open = new Map<string, number>();
  app.addHook('onRequest', async (request, reply) => {
    // Whoever has left while his key was looked up will not be heard leaving.
    if (!request.principal || reply.raw.closed) return;
    const { workspaceId } = request.principal;
    const its = open.get(workspaceId) ?? 0;
    const { MAX_OPEN_REQUESTS_PER_WORKSPACE: max } = api.settings;
    if (its >= max) {
      api.ctx.metrics.limitReached('open-requests');
      throw new ApiError(
        'rate_limited',
        `The workspace ${workspaceId} has ${its} requests and streams open, and may have ${max}. Close some; an operator can raise MAX_OPEN_REQUESTS_PER_WORKSPACE.`,
        { retryAfterSeconds: RETRY_AFTER_SECONDS },
      );
    }
    open.set(workspaceId, its + 1);
    // Not onResponse: streams take the connection over and never get there.
    reply.raw.once('close', () => {
      const left = (open.get(workspaceId) ?? 1) - 1;
      if (left > 0) open.set(workspaceId, left);
      else open.delete(workspaceId);
    });
  });
}
