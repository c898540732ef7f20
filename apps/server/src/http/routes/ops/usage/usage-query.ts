import { ApiError } from '@aaas/contract/errors';
import { USAGE_DIMENSIONS, type UsageDimension } from '@aaas/contract/usage';
import { z } from 'zod';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 400;

const id = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be an id');
// No control characters: a NUL is no text for the database.
const name = z.string().regex(/^[^\p{Cc}]{1,256}$/u, 'must be 1 to 256 characters');
const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })], {
  error: 'must be a date (2026-11-05: its first moment, UTC) or a time (2026-11-05T12:00:00Z)',
});

export const UsageQuery = z.object({
  group_by: z
    .string()
    .default('day')
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(z.enum(USAGE_DIMENSIONS)).min(1).max(USAGE_DIMENSIONS.length))
    .refine((names) => new Set(names).size === names.length, 'must name each dimension once')
    .describe(`Some of ${USAGE_DIMENSIONS.join(', ')}, with commas between them; rows come in this order.`),
  since: moment.optional().describe(`Included. Default: ${DEFAULT_DAYS} days before \`until\`.`),
  until: moment.optional().describe('Not included. Default: the end of this day, UTC.'),
  agent_id: id.optional(),
  agent_type: name.optional(),
  model: name.optional(),
  key_id: id.optional(),
  session_id: id.optional(),
  upstream: name.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(4_096).optional(),
  format: z.enum(['json', 'csv']).optional().describe('csv: all rows in one file; so does `Accept: text/csv`.'),
});

/** The span of time that is asked for. @throws invalid_request */
export function spanOf(query: { since?: string | undefined; until?: string | undefined }, now: Date) {
  const tonight = (Math.floor(now.getTime() / DAY_MS) + 1) * DAY_MS;
  const until = new Date(query.until ?? tonight);
  const since = query.since === undefined ? new Date(until.getTime() - DEFAULT_DAYS * DAY_MS) : new Date(query.since);
  if (since >= until) throw invalid('since', 'must be before until');
  if (until.getTime() - since.getTime() > MAX_DAYS * DAY_MS) {
    throw invalid('since', `must be at most ${MAX_DAYS} days before until; ask for the rest on its own`);
  }
  return { since, until };
}

/** Where a page begins, and the span of the first one: pages are of one report, however long one takes to read it. */
export interface UsageCursor {
  place: string[];
  since: string;
  until: string;
}

export function encodeCursor({ place, since, until }: UsageCursor, groupBy: UsageDimension[]): string {
  return Buffer.from(JSON.stringify([groupBy.join(), place, since, until])).toString('base64url');
}

const text = z.string().regex(/^[^\p{Cc}]{0,256}$/u);
const Cursor = z.tuple([z.string(), z.array(text), z.iso.datetime(), z.iso.datetime()]);

/** @throws invalid_request for what is no cursor of this grouping. */
export function decodeCursor(cursor: string, groupBy: UsageDimension[]): UsageCursor {
  try {
    const [of, place, since, until] = Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (of === groupBy.join() && place.length === groupBy.length) return { place, since, until };
  } catch {
    // Said below.
  }
  throw invalid('cursor', 'must be the next_cursor of the page before, with the same group_by');
}

function invalid(field: string, message: string): ApiError {
  const error = { field: `querystring.${field}`, message };
  return new ApiError('invalid_request', `${error.field}: ${message}.`, { errors: [error] });
}
