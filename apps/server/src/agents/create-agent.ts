import { randomUUID } from 'node:crypto';
import type { AgentDefinition } from '@aaas/contract/agent-config';
import { newId } from '@aaas/contract/ids';
import { transaction } from '../postgres/transaction.ts';
import type { SessionContext } from '../sessions/session-context.ts';

export interface CreatedAgent {
  agentId: string;
  sessionId: string;
}

const FIRST_EVENT = `insert into events (session_id, seq, id, type, at, payload) values ($1, 1, $2, 'x.lifecycle', $3, $4)`;

/** Stores an agent, its first version and its main session, in one transaction. `start`: it is brought up at once. */
export async function createAgent(
  ctx: SessionContext,
  workspaceId: string,
  environmentId: string,
  agentId: string,
  definition: AgentDefinition,
  start: boolean,
): Promise<CreatedAgent> {
  const sessionId = newId('sesn');
  const now = ctx.now();
  await transaction(ctx.pool, async (db) => {
    await db.query(
      `insert into agents (id, workspace_id, name, agent_type, main_session_id, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $6)`,
      [agentId, workspaceId, definition.name, definition.agent_type, sessionId, now],
    );
    await db.query(
      'insert into agent_versions (agent_id, version, workspace_id, definition, created_at) values ($1, 1, $2, $3, $4)',
      [agentId, workspaceId, definition, now],
    );
    await db.query(
      `insert into sessions (id, workspace_id, agent_id, agent_version, environment_id, harness, harness_session_id,
                             intent, operation, sandbox_phase, status_reason, created_at, updated_at, status_since)
       values ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $11, $11)`,
      [
        sessionId,
        workspaceId,
        agentId,
        environmentId,
        definition.harness,
        randomUUID(),
        start ? 'active' : 'stopped',
        start ? 'start' : null,
        start ? 'starting' : 'none',
        start ? 'start_requested' : 'created',
        now,
      ],
    );
    await db.query('insert into session_heads (session_id, last_seq, runnable_at) values ($1, $2, $3)', [
      sessionId,
      start ? 1 : 0,
      start ? now : null,
    ]);
    if (start) await db.query(FIRST_EVENT, [sessionId, ...startedEvent(now)]);
  });
  ctx.metrics.agentCreated(definition.agent_type);
  return { agentId, sessionId };
}

function startedEvent(at: Date) {
  const id = newId('sevt');
  const body = { from: 'stopped', to: 'starting', reason: 'start_requested', detail: null };
  return [id, at, JSON.stringify({ id, type: 'x.lifecycle', ...body, processed_at: at.toISOString() })];
}
