import type { AgentDefinition } from '@aaas/contract/agent-config';
import { newId } from '@aaas/contract/ids';
import type { PoolClient } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import { insertSession } from '../create-session.ts';
import { addInput } from '../inbox/add-input.ts';
import type { SessionContext } from '../session-context.ts';

export interface CreatedQuery {
  queryId: string;
  sessionId: string;
  turnId: string;
  createdAt: Date;
}

/** Ended queries that one new one removes, at most: more than come in, so that what has expired goes. */
const EXPIRED_AT_ONCE = 20;

/**
 * Stores a query: a session for one message, and that message, in one transaction. Its owner archives the session
 * with the answer, whatever becomes of those who asked.
 */
export async function createQuery(
  ctx: SessionContext,
  query: {
    workspaceId: string;
    keyId: string;
    environmentId: string;
    definition: AgentDefinition;
    /** Gives the definition as it is stored for this agent. */
    seal(db: PoolClient, agent: { workspaceId: string; agentId: string }): Promise<AgentDefinition>;
    content: unknown[];
    /** Answers of queries that ended before this are removed. */
    keepSince: Date;
  },
): Promise<CreatedQuery> {
  const { workspaceId, environmentId, definition } = query;
  const queryId = newId('query');
  const createdAt = ctx.now();
  return transaction(ctx.pool, async (db) => {
    await removeExpired(db, workspaceId, query.keepSince);
    const { agentId, version } = await addHiddenVersion(db, query, createdAt);
    const { harness } = definition;
    const { region: homeRegion } = ctx;
    const session = { workspaceId, agentId, version, environmentId, harness, homeRegion, ephemeral: true, start: true };
    const sessionId = await insertSession(db, createdAt, session);
    const input = { type: 'user.message' as const, body: { content: query.content }, keyId: query.keyId };
    const added = await addInput(ctx, { workspaceId, sessionId }, input, 1, db);
    if (added.kind !== 'accepted' || added.turnId === null) throw new Error(`failed to add a query: ${added.kind}`);
    await db.query(
      `insert into queries (id, workspace_id, agent_type, session_id, turn_id, created_at)
       values ($1, $2, $3, $4, $5, $6)`,
      [queryId, workspaceId, definition.agent_type, sessionId, added.turnId, createdAt],
    );
    return { queryId, sessionId, turnId: added.turnId, createdAt };
  });
}

/**
 * A version of the agent that answers the queries of one type in one workspace, made with the first of them. Each
 * query has its own, removed with its session: what a config says is not kept longer than the work that needs it. The
 * agent is archived from the first: whoever looks for agents that are there does not find it.
 */
async function addHiddenVersion(
  db: PoolClient,
  { workspaceId, definition, seal }: Pick<Parameters<typeof createQuery>[1], 'workspaceId' | 'definition' | 'seal'>,
  now: Date,
) {
  const { agent_type: type } = definition;
  const agent = await db.query<{ agentId: string; version: number }>(
    `insert into agents (id, workspace_id, name, agent_type, hidden, created_at, updated_at, archived_at)
     values ($1, $2, $3, $4, true, $5, $5, $5)
     on conflict (workspace_id, agent_type) where hidden
     do update set current_version = agents.current_version + 1, updated_at = excluded.updated_at
     returning id as "agentId", current_version as version`,
    [newId('agent'), workspaceId, `queries of ${type}`, type, now],
  );
  const made = agent.rows[0];
  if (!made) throw new Error(`failed to find the agent of the queries of ${type}`);
  await db.query(
    'insert into agent_versions (agent_id, version, workspace_id, definition, created_at) values ($1, $2, $3, $4, $5)',
    [made.agentId, made.version, workspaceId, await seal(db, { workspaceId, agentId: made.agentId }), now],
  );
  return made;
}

async function removeExpired(db: PoolClient, workspaceId: string, before: Date): Promise<void> {
  await db.query(
    `delete from queries where id in (
       select id from queries where workspace_id = $1 and ended_at < $2 order by ended_at limit ${EXPIRED_AT_ONCE}
          for update skip locked)`,
    [workspaceId, before],
  );
}
