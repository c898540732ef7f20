import { transaction } from '../../postgres/transaction.ts';
import { keepAnswer, removeHiddenVersion } from '../queries/keep-answer.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import type { SessionRow } from './load-session.ts';

/** Removes everything a session ever was, but for what it cost (the ledger stays) and the answer of a query. */
export async function purgeSession(ctx: SessionContext, owned: OwnedSession, row: SessionRow): Promise<void> {
  await transaction(ctx.pool, async (db) => {
    const held = await db.query('select 1 from session_heads where session_id = $1 and generation = $2 for update', [
      owned.sessionId,
      owned.generation,
    ]);
    if (held.rowCount === 0) throw new Fenced(owned);
    if (row.ephemeral) await keepAnswer(db, owned.sessionId, ctx.now());
    await db.query('delete from events where session_id = $1', [owned.sessionId]);
    await db.query(`update directory_archives set state = 'doomed' where session_id = $1 and state = 'kept'`, [
      owned.sessionId,
    ]);
    await db.query('delete from transcripts where session_id = $1', [owned.sessionId]);
    await db.query('delete from session_usage where session_id = $1', [owned.sessionId]);
    await db.query('delete from spend where scope_id = $1', [owned.sessionId]);
    await db.query('delete from budget_warnings where scope_id = $1', [owned.sessionId]);
    await db.query('update agents set main_session_id = null where main_session_id = $1', [owned.sessionId]);
    await db.query('delete from sessions where id = $1', [owned.sessionId]);
    if (row.ephemeral) await removeHiddenVersion(db, row);
  });
  ctx.streams.publishDeleted(owned.sessionId);
}
