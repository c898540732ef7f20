import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { HookCallback } from '@anthropic-ai/claude-agent-sdk';
import { permissionFor } from './permission.ts';
import type { TurnTranslator } from './turn-translator.ts';

/**
 * The tool barrier: Claude Code asks this hook before each tool and waits for the answer. The call is committed to
 * the log under the owner's generation first; if that fails, the tool does not run.
 */
export function toolBarrier(definition: AgentDefinition, current: () => TurnTranslator | null): HookCallback {
  return async (input) => {
    if (input.hook_event_name !== 'PreToolUse') return {};
    const turn = current();
    if (!turn) return deny('No turn is open.');
    const permission = permissionFor(definition, input.tool_name);
    try {
      await turn.beforeTool(input.tool_use_id, input.tool_name, input.tool_input, permission);
    } catch {
      return deny('The platform could not record this call, so it was not run.');
    }
    if (permission === 'allow') {
      return { hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'allow' } };
    }
    if (permission === null) return {};
    const mode = `in permission mode ${definition.permission_mode}`;
    const message =
      permission === 'ask'
        ? `${input.tool_name} needs approval ${mode}, and nobody is there to give it: it was not run.`
        : `${input.tool_name} is not allowed ${mode}: it was not run.`;
    turn.toolRefused(input.tool_use_id, message);
    return deny(message);
  };
}

function deny(reason: string) {
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse' as const,
      permissionDecision: 'deny' as const,
      permissionDecisionReason: reason,
    },
  };
}
