import { newId } from '@aaas/contract/ids';
import { transaction } from '../../postgres/transaction.ts';
import { addNotice } from '../log/add-notice.ts';
import type { SessionContext } from '../session-context.ts';

const POLL_MS = 1_000;
// Of one round; what is left is due in the next.
const BATCH_MAX = 100;

interface Due {
  id: string;
  workspaceId: string;
  sessionId: string;
  turnId: string;
  tool: string;
  requestedAt: Date;
}

/**
 * Denies what nobody has answered in time, whoever owns the session or nobody: one query a second on each node, whatever
 * number of sessions wait. @returns what ends it.
 */
export function expireAsks(ctx: SessionContext, wake: (sessionId: string) => void): { close(): Promise<void> } {
  let round: Promise<void> | null = null;
  const timer = setInterval(() => {
    round ??= expireDue(ctx, wake)
      .catch((error) => ctx.log.error({ err: error }, 'failed to expire approvals'))
      .finally(() => {
        round = null;
      });
  }, POLL_MS);
  return {
    close: async () => {
      clearInterval(timer);
      await round;
    },
  };
}

async function expireDue(ctx: SessionContext, wake: (sessionId: string) => void): Promise<void> {
  const due = await ctx.pool.query<Due>({
    name: 'approvals.due',
    text: `select id, workspace_id as "workspaceId", session_id as "sessionId", turn_id as "turnId", tool, requested_at as "requestedAt"
             from approvals where state = 'open' and expires_at <= $1 order by expires_at limit $2`,
    values: [ctx.now(), BATCH_MAX],
  });
  for (const ask of due.rows) if (await expire(ctx, ask)) wake(ask.sessionId);
}

async function expire(ctx: SessionContext, ask: Due): Promise<boolean> {
  const at = ctx.now();
  const seconds = Math.round((at.getTime() - ask.requestedAt.getTime()) / 1000);
  const message = `Nobody answered within ${seconds} s whether ${ask.tool} may run: it was not run.`;
  const expired = await transaction(ctx.pool, async (db) => {
    await db.query('select 1 from session_heads where session_id = $1 for update', [ask.sessionId]);
    const written = await db.query(
      `update approvals set state = 'expired', decided_at = $2, message = $3 where id = $1 and state = 'open'`,
      [ask.id, at, message],
    );
    if (written.rowCount === 0) return false;
    const { sessionId, workspaceId, turnId } = ask;
    const body = { tool_use_id: ask.id, message };
    await addNotice(db, { sessionId, workspaceId, turnId, id: newId('sevt'), type: 'x.permission_denied', body }, at);
    return true;
  });
  if (expired) ctx.metrics.approvalEnded('expired', (at.getTime() - ask.requestedAt.getTime()) / 1000);
  return expired;
}
