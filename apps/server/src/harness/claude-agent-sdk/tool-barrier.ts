import type { HookCallback } from '@anthropic-ai/claude-agent-sdk';
import { permissionFor } from './permission.ts';
import type { TurnTranslator } from './turn-translator.ts';

/**
 * The tool barrier: Claude Code asks this hook before each tool and waits for the answer. The call is committed to
 * the log under the owner's generation first; if that fails, the tool does not run. What needs a person's word is
 * committed with its ask and goes on to `askPerson`: a hook may not take long, that may.
 */
export function toolBarrier(current: () => TurnTranslator | null): HookCallback {
  return async (input) => {
    if (input.hook_event_name !== 'PreToolUse') return {};
    const turn = current();
    if (!turn) return decision('deny', 'No turn is open.');
    const { definition, desk } = turn.gate;
    const permission = permissionFor(definition, input.tool_name);
    const asks = permission === 'ask' && desk.staffed;
    try {
      if (permission === 'ask' && (await turn.useGrant(input.tool_use_id, input.tool_name, input.tool_input)))
        return decision('allow');
      if (asks) await turn.ask(input.tool_use_id, input.tool_name, input.tool_input);
      else await turn.beforeTool(input.tool_use_id, input.tool_name, input.tool_input, permission);
    } catch {
      return decision('deny', 'The platform could not record this call, so it was not run.');
    }
    if (permission === null) return {};
    if (asks) return decision('ask');
    if (permission === 'allow') return decision('allow');
    const mode = `in permission mode ${definition.permission_mode}`;
    const message =
      permission === 'ask'
        ? `${input.tool_name} needs approval ${mode}, and nobody is there to give it: it was not run.`
        : `${input.tool_name} is not allowed ${mode}: it was not run.`;
    turn.toolRefused(input.tool_use_id, message);
    return decision('deny', message);
  };
}

function decision(permissionDecision: 'allow' | 'ask' | 'deny', permissionDecisionReason?: string) {
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse' as const,
      permissionDecision,
      ...(permissionDecisionReason === undefined ? {} : { permissionDecisionReason }),
    },
  };
}
