import { isDeepStrictEqual } from 'node:util';
import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { PoolClient } from 'pg';
import { transaction } from '../postgres/transaction.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { pinVersion } from '../sessions/versions/pin-version.ts';
import { openEnv } from './env/open-env.ts';
import { sealEnv } from './env/seal-env.ts';
import { findVersion } from './find-versions.ts';

export interface AgentState {
  definition: AgentDefinition;
  metadata: Record<string, string>;
}

export type ChangedAgent =
  /** `sessionId`: its owner is to be woken; null when the definition is what it was. */
  { kind: 'changed'; sessionId: string | null } | { kind: 'not_found' } | { kind: 'conflict'; version: number };

// First the lock, then what lies under it: a join would look for the version that was current when it began to wait.
const LOCK = `
  select current_version as version, main_session_id as "sessionId", metadata from agents
   where workspace_id = $1 and id = $2 and archived_at is null and main_session_id is not null for update`;

interface Locked {
  version: number;
  sessionId: string;
  metadata: Record<string, string>;
}

/**
 * Changes an agent: another definition becomes its next version, and the main session works with that from its next
 * turn on. A definition that is what it was makes no version.
 * @param believed the version that the caller thinks is the newest; null: whichever is.
 * @param change gives the new state, values of variables included, from the one under the lock; may run more than once.
 */
export async function changeAgent(
  ctx: SessionContext,
  agent: { workspaceId: string; agentId: string },
  believed: number | null,
  change: (current: AgentState, db: PoolClient) => Promise<AgentState & { rolledBackTo?: number }>,
): Promise<ChangedAgent> {
  const { workspaceId, agentId } = agent;
  return transaction(ctx.pool, async (db): Promise<ChangedAgent> => {
    const locked = await db.query<Locked>(LOCK, [workspaceId, agentId]);
    if (!locked.rows[0]) return { kind: 'not_found' };
    const { version, sessionId, metadata } = locked.rows[0];
    if (believed !== null && believed !== version) return { kind: 'conflict', version };
    const newest = await findVersion(db, workspaceId, agentId, version);
    if (!newest) throw new Error(`failed to find version ${version} of agent ${agentId}`);
    const stored = newest.definition;
    const current = { definition: await openEnv(db, ctx.keyring, agent, stored), metadata };
    const next = await change(current, db);
    const at = ctx.now();
    if (!isDeepStrictEqual(next.metadata, current.metadata)) {
      await db.query('update agents set metadata = $2, updated_at = $3 where id = $1', [agentId, next.metadata, at]);
    }
    if (isDeepStrictEqual(next.definition, current.definition)) return { kind: 'changed', sessionId: null };
    const known = { open: current.definition, stored };
    const sealed = await sealEnv(db, ctx.keyring, agent, next.definition, known);
    await db.query(
      `insert into agent_versions (agent_id, version, workspace_id, definition, created_at, rolled_back_to)
       values ($1, $2, $3, $4, $5, $6)`,
      [agentId, version + 1, workspaceId, sealed, at, next.rolledBackTo ?? null],
    );
    await db.query('update agents set current_version = $2, name = $3, updated_at = $4 where id = $1', [
      agentId,
      version + 1,
      next.definition.name,
      at,
    ]);
    await pinVersion(db, sessionId, version + 1, at);
    return { kind: 'changed', sessionId };
  });
}
