import { OWN_EVENT_PREFIX } from '@aaas/contract/events';
import type { Pool } from 'pg';

/** A place in the list: in the log, or in the inbox that follows it. */
export interface EventCursor {
  part: 'log' | 'inbox';
  /** Sequence, or position; the page begins beyond it. */
  at: number;
}

export interface EventFilter {
  order: 'asc' | 'desc';
  types: string[] | null;
  from: Date | null;
  before: Date | null;
  limit: number;
}

interface Found {
  cursor: EventCursor;
  type: string;
  payload: string;
}

/**
 * Events as the Managed Agents API lists them: those of the log without our own types, and beyond its newest end the
 * inputs that still wait, with `processed_at` null.
 */
export async function readEvents(
  pool: Pool,
  sessionId: string,
  start: EventCursor | null,
  filter: EventFilter,
): Promise<Found[]> {
  const parts = filter.order === 'asc' ? (['log', 'inbox'] as const) : (['inbox', 'log'] as const);
  const found: Found[] = [];
  for (const part of parts.slice(start ? parts.indexOf(start.part) : 0)) {
    const beyond = start?.part === part ? start.at : null;
    const limit = filter.limit - found.length;
    if (limit > 0)
      found.push(...(await (part === 'log' ? readLogPart : readInbox)(pool, sessionId, beyond, { ...filter, limit })));
  }
  return found;
}

async function readLogPart(
  pool: Pool,
  sessionId: string,
  beyond: number | null,
  filter: EventFilter,
): Promise<Found[]> {
  const { order, limit, types, from, before } = filter;
  const result = await pool.query<{ at: number; type: string; payload: string }>(
    `select seq as at, type, payload from events
      where session_id = $1 and type not like '${OWN_EVENT_PREFIX}%'
        and ($2::bigint is null or seq ${order === 'asc' ? '>' : '<'} $2)
        and ($3::text[] is null or type = any ($3)) and ($4::timestamptz is null or at >= $4)
        and ($5::timestamptz is null or at < $5)
      order by seq ${order} limit $6`,
    [sessionId, beyond, types, from, before, limit],
  );
  return result.rows.map(({ at, type, payload }) => ({ cursor: { part: 'log', at }, type, payload }));
}

async function readInbox(pool: Pool, sessionId: string, beyond: number | null, filter: EventFilter): Promise<Found[]> {
  const { order, limit, types, from, before } = filter;
  // What has no time yet is in no span of time.
  if (from || before) return [];
  const result = await pool.query<{ at: number; type: string; payload: string }>(
    `select position as at, type, left(payload, -1) || ',"processed_at":null}' as payload from inputs
      where session_id = $1 and consumed_seq is null and ($2::bigint is null or position ${order === 'asc' ? '>' : '<'} $2)
        and ($3::text[] is null or type = any ($3))
      order by position ${order} limit $4`,
    [sessionId, beyond, types, limit],
  );
  return result.rows.map(({ at, type, payload }) => ({ cursor: { part: 'inbox', at }, type, payload }));
}
