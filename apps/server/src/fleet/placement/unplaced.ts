import { newId } from '@aaas/contract/ids';
import type { StatusReason } from '@aaas/contract/lifecycle';
import { transaction } from '../../postgres/transaction.ts';
import { announceMoved, type MovedSession, noteReason } from '../../sessions/lifecycle/note-reason.ts';
import type { SessionContext } from '../../sessions/session-context.ts';
import { describeWants, wantsOf } from './lane.ts';

/** Sessions that are moved at one look; those behind them are within the next. */
const AT_ONCE = 500;

// A new generation, so that what was let in under the last one stays out.
const PARK = `update session_heads set owner = '-', generation = generation + 1
   where session_id in (select session_id from session_heads
                         where runnable_at is not null and owner is null and lane = $1
                         order by session_id limit ${AT_ONCE} for update skip locked)
  returning session_id`;
const UNPARK = `update session_heads set owner = null
   where session_id in (select session_id from session_heads where owner = '-' and lane = $1
                         order by session_id limit ${AT_ONCE} for update skip locked)
  returning session_id`;

/** Takes those out of the line that no node may run, and says so of each, once. @returns which */
export async function setAside(ctx: SessionContext, lane: string): Promise<string[]> {
  const asked = describeWants(wantsOf(lane));
  return move(ctx, PARK, lane, {
    reason: 'no_matching_node',
    detail: asked === '' ? 'every node is drained' : `no node that takes work is one ${asked}`,
    nextAction:
      asked === ''
        ? 'it goes on when a node takes work again'
        : `it goes on when there is a node ${asked}; or change config.placement of its agent`,
  });
}

/** Puts those back into the line for which there is a node again. @returns which */
export async function putBack(ctx: SessionContext, lane: string): Promise<string[]> {
  return move(ctx, UNPARK, lane, { reason: 'matching_node_found', detail: null, nextAction: null });
}

async function move(
  ctx: SessionContext,
  text: string,
  lane: string,
  why: { reason: StatusReason; detail: string | null; nextAction: string | null },
): Promise<string[]> {
  const moved = await transaction(ctx.pool, async (db): Promise<MovedSession[]> => {
    const { rows } = await db.query<{ session_id: string }>(text, [lane]);
    return noteReason(
      db,
      rows.map(({ session_id: id }) => ({ id, eventId: newId('sevt') })),
      why,
      ctx.now(),
    );
  });
  announceMoved(ctx, moved);
  return moved.map(({ sessionId }) => sessionId);
}
