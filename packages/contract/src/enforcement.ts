import { z } from 'zod';
import { ISOLATION_LEVELS } from './isolation.ts';
import { LimitsEnforcement } from './limits.ts';

/** How agents of a node are kept apart and within their limits. */
export const Enforcement = z
  .object({
    isolation: z
      .enum(ISOLATION_LEVELS)
      .describe(
        'sandbox: each agent sees its own files and processes and reaches the network only where it may; user: each runs as a user of its own; process: all as the server’s, of one workspace.',
      ),
    limits: LimitsEnforcement,
  })
  .meta({ id: 'Enforcement' });
export type Enforcement = z.infer<typeof Enforcement>;
