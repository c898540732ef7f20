import type { AgentDefinition } from '@aaas/contract/agent-config';
import { travellingServers } from '../mcp/travelling-servers.ts';

// Each field of a definition is decided about here: one that may hold a secret must not leave by being forgotten.
const TRAVELS: Record<keyof AgentDefinition, boolean> = {
  agent_type: true,
  name: true,
  description: true,
  model: true,
  prompt_base: true,
  system_prompt: true,
  personality: true,
  language: true,
  allowed_tools: true,
  permission_mode: true,
  max_turns: true,
  max_tokens: true,
  temperature: true,
  env: false,
  sealed_env: false,
  mcp_servers: false,
  network: true,
  placement: true,
  budget: true,
  limits: true,
  restart_policy: true,
  idle_timeout_seconds: true,
  approval_timeout_seconds: true,
  harness: true,
};

/** A definition as it leaves the platform; values of `env`, which is open then, only if asked for. */
export function exportedDefinition(definition: AgentDefinition, includeEnv: boolean): Record<string, unknown> {
  const travelling = Object.entries(definition).filter(([name]) => TRAVELS[name as keyof AgentDefinition]);
  return {
    ...Object.fromEntries(travelling),
    env: includeEnv ? definition.env : {},
    // As somebody would ask for them: their secrets stay.
    mcp_servers: travellingServers(definition.mcp_servers),
  };
}
