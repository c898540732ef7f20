import type { AgentConfigRequest, AgentDefinition } from '@aaas/contract/agent-config';
import { ApiError, type FieldError } from '@aaas/contract/errors';
import { AGENT_TYPES } from './agent-types/all-types.ts';

/** Resolves a request to a definition: what it leaves out comes from the agent type. */
export function defineAgent(config: AgentConfigRequest, fallback: { name: string; model: string }): AgentDefinition {
  refuseWhatIsMissing(config);
  const type = AGENT_TYPES[config.agent_type];
  return {
    agent_type: config.agent_type,
    name: config.name ?? fallback.name,
    description: config.description ?? null,
    model: config.model ?? fallback.model,
    prompt_base: config.system_prompt === undefined ? type.promptBase : 'none',
    system_prompt: config.system_prompt ?? type.systemPrompt,
    personality: config.personality ?? null,
    language: config.language ?? null,
    allowed_tools: config.allowed_tools ?? type.tools,
    permission_mode: config.permission_mode ?? type.permissionMode,
    max_turns: config.max_turns ?? null,
    max_tokens: config.max_tokens ?? null,
    temperature: config.temperature ?? null,
    env: config.env ?? {},
    mcp_servers: {},
    network: config.network ?? null,
    harness: 'claude-agent-sdk',
    approval_timeout_seconds: config.approval_timeout_seconds ?? null,
    placement: config.placement ?? null,
    budget: config.budget ?? null,
    limits: config.limits ?? null,
    restart_policy: config.restart_policy ?? null,
    idle_timeout_seconds: config.idle_timeout_seconds ?? null,
  };
}

// A wish that is silently ignored is worse than one that is refused.
function refuseWhatIsMissing(config: AgentConfigRequest): void {
  if (config.harness !== 'native') return;
  const error: FieldError = { field: 'config.harness', message: 'native is not available yet; use claude-agent-sdk' };
  throw new ApiError('not_available_yet', `${error.field} ${error.message}.`, { errors: [error] });
}
