import { setTimeout as sleep } from 'node:timers/promises';
import { isPermanent } from '../../postgres/permanent-error.ts';
import { Fenced, type SessionContext } from '../session-context.ts';

// As long as the log itself is waited for: append-patiently.ts.
const PATIENCE_MS = 40_000;
const PAUSE_MS = 200;

/** Does what may be done twice, and waits for a database that is away. */
export async function patiently<T>(ctx: SessionContext, write: () => Promise<T>): Promise<T> {
  for (const deadline = ctx.now().getTime() + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
    try {
      return await write();
    } catch (error) {
      if (error instanceof Fenced || isPermanent(error) || ctx.now().getTime() > deadline) throw error;
      ctx.log.warn({ err: error }, 'failed to write an approval; trying again');
    }
  }
}
