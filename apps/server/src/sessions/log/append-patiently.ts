import { setTimeout as sleep } from 'node:timers/promises';
import { isPermanent } from '../../postgres/permanent-error.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';
import { appendEvents } from './append.ts';

// Shorter than the 60 s after which the Agent SDK gives up on its store.
const PATIENCE_MS = 40_000;
const PAUSE_MS = 200;

/**
 * Appends a batch, and waits for a database that is away. A batch whose answer was lost on the way is looked for
 * before it is sent again.
 * @throws Fenced, or what the database will not store, at once; the last error when it stays away.
 */
export async function appendPatiently(
  ctx: SessionContext,
  owned: OwnedSession,
  batch: Parameters<typeof appendEvents>[2],
): Promise<void> {
  const deadline = ctx.now().getTime() + PATIENCE_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      if (attempt > 1 && (await isLogged(ctx, owned, batch))) return;
      await appendEvents(ctx, owned, batch);
      return;
    } catch (error) {
      if (error instanceof Fenced || isPermanent(error) || ctx.now().getTime() > deadline) throw error;
      ctx.log.warn({ err: error, session_id: owned.sessionId, attempt }, 'failed to append; trying again');
      await sleep(PAUSE_MS);
    }
  }
}

async function isLogged(
  ctx: SessionContext,
  owned: OwnedSession,
  batch: Parameters<typeof appendEvents>[2],
): Promise<boolean> {
  const result = await ctx.pool.query<{ logged: boolean }>(
    `select exists (select 1 from events where session_id = $1 and id = $2)
         or exists (select 1 from transcripts where session_id = $1 and uuid = any ($3::text[])) as logged`,
    [owned.sessionId, batch.events?.[0]?.id ?? null, batch.transcript?.flatMap((entry) => entry.uuid ?? []) ?? []],
  );
  return result.rows[0]?.logged ?? false;
}
