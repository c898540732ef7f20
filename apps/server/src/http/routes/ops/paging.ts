import { z } from 'zod';

/** `?limit`: entries of a page. */
export const pageLimit = z.coerce.number().int().min(1).max(100).default(20);

/** `?cursor` of lists that are ordered by id: the `next_cursor` of the page before. */
export const idCursor = z.string().regex(/^[A-Za-z0-9_]{1,128}$/, 'must be the next_cursor of the page before');

/** A place in a log: events after this sequence. */
export const sequence = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
