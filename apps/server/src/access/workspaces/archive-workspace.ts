import { transaction } from '../../postgres/transaction.ts';
import { announceStopped, stopSessionsOf } from '../../sessions/lifecycle/stop-sessions.ts';
import type { SessionContext } from '../../sessions/session-context.ts';
import { requireWorkspace, type WorkspaceView } from './find-workspaces.ts';
import { refuseDefault, refuseTestSide } from './refuse-protected.ts';

/**
 * Archives a workspace with its test side and stops their sessions, all at once: nothing of them runs on when the
 * server dies here. Its rows stay. @returns the sessions that now stop. @throws not_found, workspace_protected
 */
export async function archiveWorkspace(
  ctx: SessionContext,
  workspaceId: string,
): Promise<{ workspace: WorkspaceView; stopped: string[] }> {
  const found = await requireWorkspace(ctx.pool, workspaceId);
  refuseDefault(found);
  refuseTestSide(found);
  const { workspace, stopped } = await transaction(ctx.pool, async (db) => {
    // The workspace first, as everybody who locks both: its test side cannot be made meanwhile.
    await db.query('update workspaces set archived_at = coalesce(archived_at, $2) where id = $1', [
      workspaceId,
      ctx.now(),
    ]);
    const both = await db.query<{ id: string }>(
      `update workspaces set archived_at = coalesce(archived_at, $2) where id = $1 or test_of = $1 returning id`,
      [workspaceId, ctx.now()],
    );
    const ids = both.rows.map(({ id }) => id);
    return { stopped: await stopSessionsOf(db, ids, ctx.now()), workspace: await requireWorkspace(db, workspaceId) };
  });
  announceStopped(ctx, stopped);
  return { workspace, stopped: stopped.map(({ sessionId }) => sessionId) };
}
