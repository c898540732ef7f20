import { z } from 'zod';

/** A repeated query parameter, `k[]=a&k[]=b`: one value alone arrives as a string. */
export const arrayParam = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]))
  .pipe(z.array(z.string().regex(/^[a-z_.]{1,64}$/, 'must be an event type')).max(100));
