import { newId } from '@aaas/contract/ids';
import { transaction } from '../../postgres/transaction.ts';
import { announceMoved, noteReason } from '../../sessions/lifecycle/note-reason.ts';
import type { SessionContext } from '../../sessions/session-context.ts';

/** Sessions that are told at one look; those behind them are within the next. */
const AT_ONCE = 100;
/** Who has waited for longer was told, or would be at every look. */
const LOOKED_FOR_MS = 10_000;

const HELD = `
  select h.session_id as id from session_heads h join sessions s on s.id = h.session_id
   where h.runnable_at between now() - ($2 + ${LOOKED_FOR_MS}) * interval '1 ms' and now() - $2 * interval '1 ms'
     and h.owner is null and h.held_by = $1 and s.status_reason is distinct from 'directory_held'
   order by h.session_id limit ${AT_ONCE} for update of h skip locked`;

/**
 * Says of the sessions that have waited for this node for `graceMs` that they do, once: others have room, but not their
 * files. To be asked while this node is full.
 */
export async function sayHeld(ctx: SessionContext, nodeId: string, graceMs: number): Promise<void> {
  const moved = await transaction(ctx.pool, async (db) => {
    const { rows } = await db.query<{ id: string }>(HELD, [nodeId, graceMs]);
    return noteReason(
      db,
      rows.map(({ id }) => ({ id, eventId: newId('sevt') })),
      {
        reason: 'directory_held',
        detail: `its files lie on ${nodeId} alone, which has no free place`,
        nextAction: `it goes on when there is a place on ${nodeId}; with DIRECTORY_STORE agents take their files along`,
      },
      ctx.now(),
    );
  });
  announceMoved(ctx, moved);
}
