import { z } from 'zod';

export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max));
export const flag = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1');
const addressEntry = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6(), z.hostname()]);
export const addressList = z
  .string()
  .refine(
    (text) => text.split(',').every((entry) => addressEntry.safeParse(entry.trim().replace(/^\*\./, '')).success),
    'must be networks such as 10.1.0.0/16, addresses or host names, with commas between them',
  );
export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' });
