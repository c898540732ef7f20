import { z } from 'zod';

export const AUDIT_OUTCOMES = {
  success: 'It was done.',
  denied: 'The caller may not do it: 401, 403, or refused for coming too often.',
  failed: 'It was not done; error_code says why.',
  replayed: 'Nothing was done: the answer to an earlier request with the same Idempotency-Key was given again.',
} as const;
export type AuditOutcome = keyof typeof AUDIT_OUTCOMES;

/** The chain of what names no workspace. */
export const PLATFORM_CHAIN = 'platform';

export const AuditOutcomeName = z
  .enum(Object.keys(AUDIT_OUTCOMES) as [AuditOutcome, ...AuditOutcome[]])
  .meta({ id: 'AuditOutcome' });

export const AuditEntry = z
  .object({
    chain: z.string().describe('The workspace, or `platform` for requests that name none.'),
    seq: z.number().int().min(1).describe('Place in the chain: 1, 2, 3 … without a gap.'),
    at: z.iso.datetime().describe('When it was answered. RFC 3339, UTC, milliseconds.'),
    request_id: z.string(),
    client_request_id: z.string().nullable().describe('What the caller sent as x-request-id.'),
    operation: z.string().describe('Such as `agents.create`.'),
    method: z.string(),
    path: z.string().describe('Without its query.'),
    resource_id: z.string().nullable().describe('What it was done to, or what it made.'),
    key_id: z.string().nullable(),
    key_name: z.string().nullable(),
    key_hint: z.string().nullable(),
    client_address: z.string().nullable(),
    user_agent: z.string().nullable(),
    status: z.number().int(),
    outcome: AuditOutcomeName,
    error_code: z.string().nullable(),
    fields: z.array(z.string()).describe('Names of the fields that a successful request set; never their values.'),
    prev_hash: z.string().describe('`hash` of the entry before; 64 zeros in the first.'),
    hash: z.string().describe('SHA-256, in hex, of this object without `hash`, as canonical JSON (RFC 8785).'),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditVerification = z
  .object({
    ok: z.boolean(),
    entries: z.number().describe('Entries that hold, from the first on.'),
    head_seq: z.number().describe('Of the last entry that holds.'),
    head_hash: z.string().describe('Note it outside the platform: no later chain without it is the same one.'),
    broken: z
      .object({ seq: z.number().describe('The first entry that does not hold.'), reason: z.string() })
      .nullable(),
  })
  .meta({ id: 'AuditVerification' });
export type AuditVerification = z.infer<typeof AuditVerification>;
