import { z } from 'zod';
import { flag, whole } from './forms.ts';

/** Who is let in, and what is written of it. */
export const accessSettings = {
  API_KEY: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('Admin key. Without it one is made in DATA_DIR/admin.key.'),
  REQUIRE_API_KEY: flag.default(true).describe('false lets everybody in; development only.'),
  MAX_KEYS_PER_WORKSPACE: whole(1, 100_000)
    .default(1_000)
    .describe('Keys of one workspace that are neither revoked nor expired; its test side counts apart.'),
  AUDIT_DENIALS_PER_MINUTE: whole(1, 1_000_000)
    .default(60)
    .describe('Denials recorded a minute, for each key or client address; those beyond are not.'),
  AUDIT_TIMEOUT: whole(1, 60)
    .default(10)
    .describe('Seconds an answer waits until its entry in the audit log is written; then it is an error.'),
};
