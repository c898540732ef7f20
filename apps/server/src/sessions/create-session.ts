import { randomUUID } from 'node:crypto';
import { newId } from '@aaas/contract/ids';
import type { Placement } from '@aaas/contract/placement';
import type { PoolClient } from 'pg';
import { transaction } from '../postgres/transaction.ts';
import type { SessionContext } from './session-context.ts';

export interface NewSession {
  /** Known before, when something that is stored first names it. */
  id?: string;
  workspaceId: string;
  agentId: string;
  /** Of the agent; must exist. */
  version: number;
  environmentId: string;
  harness: string;
  title?: string | null;
  metadata?: Record<string, string>;
  placement?: Placement | null;
  /** Of the node that makes it. */
  homeRegion: string | null;
  /** It lives for one message: its owner archives it with the answer. */
  ephemeral?: boolean;
  /** false: it stays stopped until it is started. */
  start: boolean;
}

/** Stores a session in a transaction of the caller's, who wakes its owner afterwards. @returns its id. */
export async function insertSession(db: PoolClient, now: Date, session: NewSession): Promise<string> {
  const { id: sessionId = newId('sesn') } = session;
  const { start } = session;
  await db.query(
    `insert into sessions (id, workspace_id, agent_id, agent_version, environment_id, harness, harness_session_id,
                           title, metadata, ephemeral, intent, operation, sandbox_phase, status_reason,
                           created_at, updated_at, status_since, placement, home_region, lane)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $15, $16, $17,
            lane_of(v.definition -> 'placement', $16, $17)
       from agent_versions v where v.agent_id = $3 and v.version = $4`,
    [
      sessionId,
      session.workspaceId,
      session.agentId,
      session.version,
      session.environmentId,
      session.harness,
      randomUUID(),
      session.title ?? null,
      session.metadata ?? {},
      session.ephemeral ?? false,
      start ? 'active' : 'stopped',
      start ? 'start' : null,
      start ? 'starting' : 'none',
      start ? 'start_requested' : 'created',
      now,
      session.placement ?? null,
      session.homeRegion,
    ],
  );
  await db.query(
    `insert into session_heads (session_id, workspace_id, last_seq, runnable_at, lane)
     select $1, $2, $3, $4, case when $4::timestamptz is null then '' else lane end from sessions where id = $1`,
    [sessionId, session.workspaceId, start ? 1 : 0, start ? now : null],
  );
  if (start) {
    await db.query(
      `insert into events (session_id, seq, id, type, at, payload) values ($1, 1, $2, 'x.lifecycle', $3, $4)`,
      [sessionId, ...startedEvent(now)],
    );
  }
  return sessionId;
}

function startedEvent(at: Date) {
  const id = newId('sevt');
  const body = { from: 'stopped', to: 'starting', reason: 'start_requested', detail: null };
  return [id, at, JSON.stringify({ id, type: 'x.lifecycle', ...body, processed_at: at.toISOString() })];
}

/**
 * Another session of an agent, on its newest version or the one that is named.
 * @returns its id, or what of the agent is missing.
 */
export async function createSession(
  ctx: SessionContext,
  session: Omit<NewSession, 'version' | 'harness' | 'ephemeral' | 'homeRegion'> & { version: number | null },
): Promise<{ sessionId: string } | { missing: 'agent' | 'version' }> {
  return transaction(ctx.pool, async (db) => {
    // Shared: an agent that is being deleted gets no session that its deletion would not see.
    const agent = await db.query<{ version: number; harness: string | null }>(
      `select coalesce($3, a.current_version) as version,
              (select v.definition ->> 'harness' from agent_versions v
                where v.agent_id = a.id and v.version = coalesce($3, a.current_version)) as harness
         from agents a
        where a.workspace_id = $1 and a.id = $2 and a.archived_at is null and not a.hidden for share of a`,
      [session.workspaceId, session.agentId, session.version],
    );
    const found = agent.rows[0];
    if (!found) return { missing: 'agent' as const };
    if (found.harness === null) return { missing: 'version' as const };
    const { version, harness } = found;
    const { region: homeRegion } = ctx;
    return { sessionId: await insertSession(db, ctx.now(), { ...session, version, harness, homeRegion }) };
  });
}
