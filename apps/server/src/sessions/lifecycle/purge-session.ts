import type { Pool } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import { keepAnswer, removeHiddenVersion } from '../queries/keep-answer.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import type { SessionRow } from './load-session.ts';

/** Rows that one statement removes: a log of millions would take longer than a statement may. */
const BATCH = 10_000;

const IS_LONG = {
  name: 'purge.is-long',
  text: `select h.last_seq > ${BATCH} or exists (select 1 from transcripts t where t.session_id = $1 offset ${BATCH}) as long
           from session_heads h where h.session_id = $1`,
};

const LONG = {
  'purge.events': `delete from events where session_id = $1 and seq = any (array(
    select seq from events where session_id = $1 order by seq limit ${BATCH}))`,
  'purge.transcripts': `delete from transcripts where session_id = $1 and position = any (array(
    select position from transcripts where session_id = $1 order by position limit ${BATCH}))`,
};

/** Removes everything a session ever was, but for what it cost (the ledger stays) and the answer of a query. */
export async function purgeSession(ctx: SessionContext, owned: OwnedSession, row: SessionRow): Promise<void> {
  await removeLong(ctx.pool, owned);
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

/** What is long goes before the session itself: nobody reads it any more, and another owner would only go on with that. */
async function removeLong(pool: Pool, { sessionId, generation }: OwnedSession): Promise<void> {
  const { rows } = await pool.query<{ long: boolean }>({ ...IS_LONG, values: [sessionId] });
  if (!rows[0]?.long) return;
  const held = ' and exists (select 1 from session_heads where session_id = $1 and generation = $2)';
  for (const [name, text] of Object.entries(LONG)) {
    for (let removed = BATCH; removed === BATCH; ) {
      removed = (await pool.query({ name, text: text + held, values: [sessionId, generation] })).rowCount ?? 0;
    }
  }
}
