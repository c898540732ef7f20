import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { AgentVersion } from '@aaas/contract/agents-api';
import type { Agent, AgentConfig } from '@aaas/contract/operations-api';
import { envNames } from '../../../../agents/env/open-env.ts';
import type { AgentView } from '../../../../agents/find-agents.ts';
import type { VersionView } from '../../../../agents/find-versions.ts';
import { presentServers } from '../../../../agents/mcp/present-servers.ts';
import { presentState } from '../sessions/present-session.ts';

/** Where an agent is reached, relative to the server. */
export function endpointOf(agentId: string): string {
  return `/api/v1/agents/${agentId}`;
}

/** A definition without what is secret in it. */
function presentConfig(stored: AgentDefinition): AgentConfig {
  const { prompt_base: _base, env: _env, sealed_env: _sealed, ...definition } = stored;
  return {
    ...definition,
    budget: definition.budget ?? null,
    limits: definition.limits ?? null,
    network: definition.network ?? null,
    placement: definition.placement ?? null,
    restart_policy: definition.restart_policy ?? null,
    idle_timeout_seconds: definition.idle_timeout_seconds ?? null,
    mcp_servers: presentServers(definition.mcp_servers),
    env: Object.fromEntries(envNames(stored).map((name) => [name, '[set]' as const])),
  };
}

export function presentAgent(view: AgentView): Agent {
  return {
    id: view.id,
    session_id: view.sessionId,
    ...presentState(view),
    config: presentConfig(view.definition),
    metadata: view.metadata,
    version: view.version,
    active_version: view.activeVersion,
    created_at: view.createdAt.toISOString(),
    endpoint: endpointOf(view.id),
  };
}

export function presentVersion(view: VersionView): AgentVersion {
  return {
    version: view.version,
    created_at: view.createdAt.toISOString(),
    rolled_back_to: view.rolledBackTo,
    config: presentConfig(view.definition),
  };
}
