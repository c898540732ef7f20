import { type Logger, pino } from 'pino';

/** Where a secret may stand in what is logged. */
const SECRET_PATHS = [
  'req.headers.authorization',
  'req.headers["x-api-key"]',
  'headers.authorization',
  'headers["x-api-key"]',
  '*.apiKey',
  '*.password',
];

/** JSON lines to standard error: standard output is for what people asked to see. */
export function createLogger(level: string): Logger {
  return pino(
    { level, redact: { paths: SECRET_PATHS, censor: '[redacted]' } },
    pino.destination({ dest: 2, sync: false }),
  );
}
