import { z } from 'zod';
import { flag, whole } from './forms.ts';

/** What operators see. */
export const telemetrySettings = {
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least important lines that are logged.'),
  LOG_REQUESTS: flag.default(true).describe('One line of the log for each HTTP request.'),
  METRICS_ENABLED: flag.default(true).describe('false serves no metrics.'),
  METRICS_PORT: whole(1, 65_535)
    .optional()
    .describe(
      'Serves /metrics without a key on a port of its own. Without it: on PORT, with a key that may platform:read.',
    ),
  METRICS_HOST: z.string().min(1).default('127.0.0.1').describe('Address that METRICS_PORT listens on.'),
};
