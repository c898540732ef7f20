import { isDeepStrictEqual } from 'node:util';
import { ApiError } from '@aaas/contract/errors';
import type { LoggedEvent } from '@aaas/contract/events';
import type { PoolClient } from 'pg';
import { transaction } from '../postgres/transaction.ts';
import { appendWithin } from './log/append-within.ts';
import { draftEvent } from './log/draft-event.ts';
import { mergeMetadata } from './metadata.ts';
import type { SessionContext } from './session-context.ts';
import { pinVersion } from './versions/pin-version.ts';

export interface SessionChange {
  title?: string | null | undefined;
  /** Merged: a null removes its key. */
  metadata?: Record<string, string | null> | undefined;
  version?: number | undefined;
}

interface Before {
  title: string | null;
  metadata: Record<string, string>;
  main: boolean;
  known: boolean;
}

/**
 * Changes what a session is called, and which version it works with from its next turn on.
 * @returns false when there is no such session in the workspace.
 * @throws main_session, not_found (the version), invalid_request (too much metadata)
 */
export async function updateSession(
  ctx: SessionContext,
  session: { workspaceId: string; sessionId: string },
  change: SessionChange,
): Promise<boolean> {
  const { sessionId } = session;
  const at = ctx.now();
  const logged = await transaction(ctx.pool, async (db): Promise<LoggedEvent[] | null> => {
    const before = await lock(db, session, change.version ?? null);
    if (!before) return null;
    if (change.version !== undefined) {
      if (before.main) throw new ApiError('main_session', MAIN);
      if (!before.known) throw new ApiError('not_found', `The agent has no version ${change.version}.`);
      await pinVersion(db, sessionId, change.version, at);
    }
    const { title = before.title } = change;
    const metadata = mergeMetadata(before.metadata, change.metadata);
    const changed = {
      ...(title === before.title ? {} : { title }),
      ...(isDeepStrictEqual(metadata, before.metadata) ? {} : { metadata }),
    };
    if (Object.keys(changed).length === 0) return [];
    await db.query('update sessions set title = $2, metadata = $3, updated_at = $4 where id = $1', [
      sessionId,
      title,
      metadata,
      at,
    ]);
    return appendWithin(db, sessionId, [draftEvent('session.updated', changed)], at);
  });
  if (!logged) return false;
  ctx.streams.publishEvents(sessionId, logged);
  return true;
}

const MAIN = 'The main session works with the newest version of its agent. Change the agent, or roll it back.';

// The head first, as everywhere: it orders those who write to one session.
async function lock(
  db: PoolClient,
  { workspaceId, sessionId }: { workspaceId: string; sessionId: string },
  version: number | null,
): Promise<Before | null> {
  await db.query('select 1 from session_heads where session_id = $1 for update', [sessionId]);
  const found = await db.query<Before>(
    `select s.title, s.metadata, coalesce(a.main_session_id = s.id, false) as main,
            exists (select 1 from agent_versions v where v.agent_id = s.agent_id and v.version = $3) as known
       from sessions s join agents a on a.id = s.agent_id
      where s.id = $1 and s.workspace_id = $2 and s.intent <> 'archived' and not s.ephemeral for update of s`,
    [sessionId, workspaceId, version],
  );
  return found.rows[0] ?? null;
}
