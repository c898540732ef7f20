import { isDeepStrictEqual } from 'node:util';
import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { LoggedEvent } from '@aaas/contract/events';
import { transaction } from '../../postgres/transaction.ts';
import type { SessionRow } from '../lifecycle/load-session.ts';
import { appendWithin } from '../log/append-within.ts';
import { draftEvent } from '../log/draft-event.ts';
import { Fenced, type OwnedSession, type SessionContext } from '../session-context.ts';

/** The definition that a session is to work with next. */
export async function loadNextDefinition(ctx: SessionContext, row: SessionRow): Promise<AgentDefinition> {
  const result = await ctx.pool.query<{ definition: AgentDefinition }>(
    'select definition from agent_versions where agent_id = $1 and version = $2',
    [row.agentId, row.nextVersion],
  );
  const found = result.rows[0];
  if (!found) throw new Error(`failed to find version ${row.nextVersion} of agent ${row.agentId}`);
  return found.definition;
}

/** Whether a process that was started for one definition cannot serve another: most of it is fixed at its start. */
export function needsNewProcess(before: AgentDefinition, after: AgentDefinition): boolean {
  return !isDeepStrictEqual(atStart(before), atStart(after));
}

// The gateway sets the temperature, the owner looks at restart policy and idle timeout, in the version of the session; and
// placement is between the nodes.
function atStart(definition: AgentDefinition) {
  const {
    name: _name,
    description: _description,
    temperature: _temperature,
    restart_policy: _policy,
    idle_timeout_seconds: _idle,
    placement: _placement,
    ...rest
  } = definition;
  // jsonb keeps no order of keys, and comparing does not ask for it.
  return rest;
}

/**
 * Moves a session to its next version and says so in the log. Updates `row`.
 * @returns false when another version was pinned meanwhile: look at the row again.
 * @throws Fenced when the generation has ended.
 */
export async function adoptVersion(
  ctx: SessionContext,
  owned: OwnedSession,
  row: SessionRow,
  definition: AgentDefinition,
): Promise<boolean> {
  const at = ctx.now();
  const { agentVersion: from, nextVersion: to } = row;
  const logged = await transaction(ctx.pool, async (db): Promise<LoggedEvent[] | null> => {
    const held = await db.query('select 1 from session_heads where session_id = $1 and generation = $2 for update', [
      owned.sessionId,
      owned.generation,
    ]);
    if (held.rowCount === 0) throw new Fenced(owned);
    const moved = await db.query(
      `update sessions set agent_version = next_version, next_version = null, updated_at = $3
        where id = $1 and next_version = $2`,
      [owned.sessionId, to, at],
    );
    if (moved.rowCount === 0) return null;
    return appendWithin(db, owned.sessionId, [draftEvent('x.version_changed', { from, to })], at);
  });
  if (!logged) return false;
  Object.assign(row, { agentVersion: to, nextVersion: null, definition });
  ctx.streams.publishEvents(owned.sessionId, logged);
  return true;
}
