import { ApiError } from '@aaas/contract/errors';
import type { SessionContext } from '../session-context.ts';

/** How long the line for places is, as far as one knows without asking the database. */
export interface Line {
  readonly length: number;
}

const RETRY_AFTER_SECONDS = 10;

// Exempt is who lengthens no line: a session that has a place or stands in line, a message that was accepted already,
// one that will be refused for another reason.
const LOOK = {
  name: 'inbox.line',
  text: `
    select (select count(*)::int from (select 1 from session_heads
             where runnable_at is not null and owner is null limit $4) w) as waiting,
           coalesce((select h.owner is not null or h.runnable_at is not null or s.intent <> 'active'
                         or s.status in ('error', 'terminated')
                         or exists (select 1 from inputs i where i.session_id = s.id and i.idempotency_key = $3)
                       from sessions s join session_heads h on h.session_id = s.id
                      where s.id = $1 and s.workspace_id = $2), $1::text is not null) as exempt`,
};

/**
 * Refuses work for which one more session would have to wait for a place, when as many wait as may. Asks the database
 * only when the line looks full; requests at the same moment may lengthen it by as many as they are.
 * @param sessionId null: a session that is not made yet
 * @throws no_place
 */
export async function requirePlace(
  ctx: SessionContext,
  line: Line,
  max: number,
  work: { workspaceId: string; sessionId: string | null; idempotencyKey?: string | undefined },
): Promise<void> {
  if (line.length < max) return;
  const result = await ctx.pool.query<{ waiting: number; exempt: boolean }>({
    ...LOOK,
    values: [work.sessionId, work.workspaceId, work.idempotencyKey ?? null, max],
  });
  const found = result.rows[0];
  if (!found || found.exempt || found.waiting < max) return;
  ctx.metrics.lineFull();
  throw new ApiError(
    'no_place',
    `${max} agents wait for a place on a node already, as many as may. Nothing was accepted: send it again later.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}
