import { z } from 'zod';

/** `?limit`: entries of a page. */
export const pageLimit = z.coerce.number().int().min(1).max(100).default(20);

/** `?cursor` of lists that are ordered by id: the `next_cursor` of the page before. */
export const idCursor = z.string().regex(/^[A-Za-z0-9_]{1,128}$/, 'must be the next_cursor of the page before');

/** A place in a log: events after this sequence. */
export const sequence = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const order = z.enum(['desc', 'asc']).default('desc').describe('desc: newest first.');

/** Text of an address: Postgres stores no NUL. */
export const queryText = z
  .string()
  .min(1)
  .max(256)
  .refine((text) => !text.includes('\0'), 'must not contain NUL');

export const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** A parameter of several values: repeated, or with commas between them. */
export function several<Item extends z.ZodType>(item: Item) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().flatMap((text) => text.split(',')) as z.input<Item>[])
    .pipe(z.array(item).min(1).max(20));
}

/** `metadata=key:value`, repeated for more than one pair. */
export const metadataParam = z
  .union([z.string(), z.array(z.string()).max(16)])
  .transform((given) => [given].flat())
  .pipe(z.array(z.string().regex(/^[^:\0]{1,64}:[^\0]{0,512}$/, 'must be key:value')))
  .transform((pairs) => Object.fromEntries(pairs.map((pair) => splitOnce(pair))));

function splitOnce(pair: string): [string, string] {
  const colon = pair.indexOf(':');
  return [pair.slice(0, colon), pair.slice(colon + 1)];
}

/** A version in an address. */
export const versionNumber = z.coerce
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);
