import { createHash } from 'node:crypto';
import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { PoolMiss } from '@aaas/contract/starts';

/** Agents whose processes are the same until they are claimed. */
export interface CellKind {
  key: string;
  /** Of one of them; the others differ in nothing that is fixed at the start. */
  definition: AgentDefinition;
}

/**
 * The kind of spare that can serve an agent, or why none can. The model and the permission mode are set by the claim,
 * the temperature and the budget by the gateway, the rest of these by the owner of the session.
 * Everything else, known or to come, makes a kind of its own.
 */
export function kindOf(definition: AgentDefinition, fixed: { mcpConnectMs: number }): CellKind | PoolMiss {
  if (definition.sealed_env || Object.keys(definition.env).length > 0) return 'own_env';
  if (Object.keys(definition.mcp_servers).length > 0) return 'own_mcp_servers';
  const {
    agent_type: _type,
    name: _name,
    description: _description,
    model: _model,
    permission_mode: _mode,
    temperature: _temperature,
    budget: _budget,
    restart_policy: _policy,
    idle_timeout_seconds: _idle,
    approval_timeout_seconds: _approval,
    placement: _placement,
    ...rest
  } = definition;
  const key = createHash('sha256')
    .update(JSON.stringify({ ...rest, ...fixed }, sortedKeys))
    .digest('hex');
  return { key, definition };
}

// jsonb keeps no order of keys.
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
