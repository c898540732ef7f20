import { z } from 'zod';
import { whole } from './forms.ts';

const REDIS_URL = /^rediss?:\/\/[^/?#\s]+(\/\d{0,4})?$/;
const encryptionKeys = z
  .string()
  .regex(
    /^[A-Za-z0-9+/_-]{43}=?(\s*,\s*[A-Za-z0-9+/_-]{43}=?)*$/,
    'must be 32 bytes in base64, or several with commas',
  );
const redisUrl = z
  .string()
  .refine(
    (text) => REDIS_URL.test(text) && URL.canParse(text) && new URL(text).hostname !== '',
    'must be redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; what is special in a password is written as %xx',
  );

/** What nodes share. */
export const databaseSettings = {
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional()
    .describe('A PostgreSQL server. Without it the embedded one runs under DATA_DIR.'),
  DATABASE_CONNECTIONS: whole(4, 1_000)
    .default(20)
    .describe(
      'Connections of this node to the database for its work, at most; some five more are for background jobs, hints and the lease.',
    ),
  REDIS_URL: redisUrl
    .optional()
    .describe(
      'A Redis or Valkey that all nodes share (redis://, or rediss:// with TLS): quicker limits, keys and live streams. Nothing is lost without it; see docs/redis.md.',
    ),
  ENCRYPTION_KEY: encryptionKeys
    .optional()
    .describe(
      'Seals stored secrets: 32 bytes in base64, the same on every node. Of several with commas the first seals, all open. Default: made in DATA_DIR/encryption.key.',
    ),
};
