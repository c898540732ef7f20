import { z } from 'zod';
import { SCOPES, type Scope } from './scopes.ts';

const time = z.iso.datetime().describe('RFC 3339, UTC');
const name = z.string().trim().min(1).max(200).describe('For people: who or what uses the key.');

/** What one key may hold: any scope, or `*` for all that there are and will be. */
export const GrantedScope = z
  .enum(['*', ...(Object.keys(SCOPES) as Scope[])] as ['*', ...Scope[]])
  .meta({ id: 'GrantedScope' });
export type GrantedScope = z.infer<typeof GrantedScope>;

/** Longest life that can be asked for, in seconds: ten years. */
const LIFE_MAX_SECONDS = 10 * 366 * 86_400;
/** Longest overlap of a rotation, in seconds: thirty days. */
const OVERLAP_MAX_SECONDS = 30 * 86_400;
const DAY_SECONDS = 86_400;

const expiry = {
  expires_at: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .refine((at) => at.getTime() > Date.now(), 'must lie in the future')
    .refine((at) => at.getTime() <= Date.now() + LIFE_MAX_SECONDS * 1000, 'must lie within ten years')
    .optional()
    .describe('RFC 3339, in the future. Without it, and without expires_in_seconds, the key does not expire.'),
  expires_in_seconds: z.int().min(1).max(LIFE_MAX_SECONDS).optional().describe('Instead of expires_at.'),
};
const oneExpiry = (body: { expires_at?: unknown; expires_in_seconds?: unknown }) =>
  body.expires_at === undefined || body.expires_in_seconds === undefined;
const ONE_EXPIRY = { error: 'expires_at and expires_in_seconds exclude each other', path: ['expires_in_seconds'] };

export const CreateKeyRequest = z
  .strictObject({
    name,
    scopes: z
      .array(GrantedScope)
      .min(1)
      .max(50)
      .optional()
      .describe('Only scopes that your own key has. Without it: all of those, but for the platform’s.'),
    test: z.boolean().optional().describe('true: a key of the test side, aaas_test_…; its agents are simulated.'),
    workspace_id: z.string().max(128).optional().describe('Another workspace than your own; needs platform:write.'),
    ...expiry,
  })
  .refine(oneExpiry, ONE_EXPIRY)
  .meta({ id: 'CreateKeyRequest' });

export const ChangeKeyRequest = z
  .strictObject({
    name: name.optional(),
    expires_at: expiry.expires_at.nullable().describe('RFC 3339, in the future; null: it does not expire.'),
  })
  .refine((body) => Object.keys(body).length > 0, 'must name what to change: name, expires_at')
  .meta({ id: 'ChangeKeyRequest' });

export const RotateKeyRequest = z
  .strictObject({
    overlap_seconds: z
      .int()
      .min(0)
      .max(OVERLAP_MAX_SECONDS)
      .default(DAY_SECONDS)
      .describe('How long the old key stays good; 0: it ends at once.'),
    ...expiry,
  })
  .refine(oneExpiry, ONE_EXPIRY)
  .meta({ id: 'RotateKeyRequest' });

export const Key = z
  .object({
    id: z.string(),
    workspace_id: z.string(),
    name: z.string(),
    hint: z.string().describe('How the key begins, to tell it from others.'),
    scopes: z.array(z.string()),
    test: z.boolean().describe('true: it opens the test side of the workspace.'),
    status: z.enum(['active', 'expired', 'revoked']),
    created_at: time,
    created_by: z.string().nullable().describe('The key that made it; null: the platform itself, at its start.'),
    expires_at: time.nullable(),
    revoked_at: time.nullable(),
    last_used_at: time.nullable().describe('Up to a minute behind.'),
    replaced_by: z.string().nullable().describe('The key that a rotation made of it.'),
  })
  .meta({ id: 'Key' });
export type Key = z.infer<typeof Key>;

export const NewKey = Key.extend({
  key: z.string().describe('The key itself, shown this once: only a hash of it is stored.'),
}).meta({ id: 'NewKey' });
export type NewKey = z.infer<typeof NewKey>;
