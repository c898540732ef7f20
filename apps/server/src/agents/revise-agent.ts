import { type AgentConfigPatch, AgentConfigRequest, type AgentDefinition } from '@aaas/contract/agent-config';
import { ApiError, type FieldError } from '@aaas/contract/errors';
import { defineAgent } from './define-agent.ts';

/** The name of an agent that was given none. */
export function defaultName(agentType: string, agentId: string): string {
  return `${agentType}-${agentId.slice(-6)}`;
}

/**
 * A definition with a partial config merged into it (JSON Merge Patch, RFC 7396): what the patch leaves out stays,
 * null takes what the agent type brings.
 * @throws invalid_request when the result is no valid config, or when the type is to change.
 */
export function reviseAgent(
  current: AgentDefinition,
  patch: AgentConfigPatch,
  fallback: { name: string; model: string },
): AgentDefinition {
  const { agent_type: type = current.agent_type, ...fields } = patch;
  if (type !== current.agent_type) {
    throw invalid([
      {
        field: 'config.agent_type',
        message: `cannot change from ${current.agent_type}: its prompt and tools are what the agent is. Create another agent`,
      },
    ]);
  }
  const before = current as unknown as Record<string, unknown>;
  const merged = Object.entries(fields).map(([name, value]) => [name, mergePatch(before[name], value)] as const);
  const asked = AgentConfigRequest.safeParse({
    agent_type: type,
    ...Object.fromEntries(merged.filter(([, value]) => value !== null && value !== undefined)),
  });
  if (!asked.success) {
    throw invalid(
      asked.error.issues.map((issue) => ({ field: ['config', ...issue.path].join('.'), message: issue.message })),
    );
  }
  const defined = defineAgent(asked.data, fallback) as unknown as Record<string, unknown>;
  const named = Object.keys(fields).filter((name) => name in defined);
  // The prompt of the type stands on its own ground; one's own stands alone.
  if (named.includes('system_prompt')) named.push('prompt_base');
  return { ...current, ...Object.fromEntries(named.map((name) => [name, defined[name]])) };
}

function invalid(errors: FieldError[]): ApiError {
  return new ApiError('invalid_request', `${errors[0]?.field}: ${errors[0]?.message}.`, { errors });
}

/** RFC 7396 below the first level: objects merge, a null removes its key, anything else replaces. */
function mergePatch(before: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(before) ? { ...before } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
