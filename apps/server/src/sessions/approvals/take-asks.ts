import type { RunnerParts } from '../lifecycle/runner-parts.ts';
import { waitsForApproval } from '../lifecycle/status.ts';
import { transition } from '../lifecycle/transition.ts';
import { appendEvents } from '../log/append.ts';
import { draftEvent } from '../log/draft-event.ts';
import { findSessionUsage } from '../session-usage.ts';
import { primaryThreadOf } from '../turns/primary-thread.ts';
import { loadAsks } from './load-asks.ts';

const MARK = {
  name: 'approvals.mark',
  text: `update approvals a
            set listed_at = case when a.id = any ($3::text[]) then coalesce(a.listed_at, $5) else a.listed_at end,
                noted_at = case when a.id = any ($4::text[]) then coalesce(a.noted_at, $5) else a.noted_at end
           from session_heads h
          where h.session_id = $1 and h.generation = $2 and a.session_id = $1 and a.id = any ($3::text[] || $4::text[])`,
};

/**
 * Takes into the log what is asked and what was answered: while anything is open the session waits, and its log lists
 * what for; with the last answer it works again. Then the process, if one lives, is told the answers. Done twice it
 * says the same twice, and loses nothing.
 */
export async function takeAsks(parts: RunnerParts): Promise<void> {
  const { ctx, owned, turns } = parts;
  const turnId = turns.turnId ?? parts.row().openTurnId;
  if (turnId === null) return;
  const asks = await loadAsks(ctx, turnId);
  const open = asks.filter((ask) => ask.state === 'open').map((ask) => ask.eventId);
  const answered = asks.filter((ask) => ask.state !== 'open' && !ask.noted);
  await (open.length > 0 ? wait(parts, turnId, open) : goOn(parts, turnId));
  const noted = answered.map((ask) => ask.eventId);
  await ctx.pool.query({ ...MARK, values: [owned.sessionId, owned.generation, open, noted, ctx.now()] });
  turns.asks.settle(answered);
}

async function wait(parts: RunnerParts, turnId: string, open: string[]): Promise<void> {
  const { ctx, owned } = parts;
  const row = parts.row();
  const stop = { stop_reason: { type: 'requires_action', event_ids: open }, stop_details: null };
  const events = [
    draftEvent('session.thread_status_idle', { ...primaryThreadOf(row), ...stop }),
    draftEvent('session.usage', { usage: await findSessionUsage(ctx.pool, owned.sessionId) }),
    draftEvent('session.status_idle', stop),
  ];
  await ctx.pool.query('update turns set waiting_since = coalesce(waiting_since, $2) where id = $1', [
    turnId,
    ctx.now(),
  ]);
  if (waitsForApproval(row)) await appendEvents(ctx, owned, { turnId, events });
  else {
    const nextAction = `answer it: POST /api/v1/approvals/${open[0]}`;
    const why = { reason: 'approval_requested', nextAction } as const;
    await transition(ctx, owned, row, { turnStatus: 'waiting' }, why, events, turnId);
  }
}

async function goOn(parts: RunnerParts, turnId: string): Promise<void> {
  const { ctx, owned, turns } = parts;
  const row = parts.row();
  const result = await ctx.pool.query<{ waitedMs: number }>(
    `update turns set waited_ms = waited_ms + coalesce(extract(epoch from $2 - waiting_since) * 1000, 0)::bigint, waiting_since = null
      where id = $1 returning waited_ms as "waitedMs"`,
    [turnId, ctx.now()],
  );
  if (turns.open) turns.open.waitedMs = result.rows[0]?.waitedMs ?? 0;
  if (row.turnStatus === 'running') return;
  const events = [
    draftEvent('session.status_running'),
    draftEvent('session.thread_status_running', primaryThreadOf(row)),
  ];
  await transition(ctx, owned, row, { turnStatus: 'running' }, { reason: 'approval_answered' }, events, turnId);
}
