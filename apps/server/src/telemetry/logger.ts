import { type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';
import { secretHider } from './hide-secrets.ts';
import { currentLogFields } from './log-context.ts';

/**
 * JSON lines to standard error: standard output is for what people asked to see. Each line carries what it is about,
 * and no secret: `known` ones and whatever looks like one are hidden at the last moment, in the finished line.
 */
export function createLogger(level: string, known: string[] = []): Logger {
  return pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      mixin: currentLogFields,
      serializers: { err: describeError },
      hooks: { streamWrite: secretHider(known) },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}

/** Without what the database quotes of a row that it refused: that is data of tenants. */
function describeError(error: Error): object {
  const { detail: _detail, where: _where, ...described } = stdSerializers.err(error) as Record<string, unknown>;
  return described;
}
