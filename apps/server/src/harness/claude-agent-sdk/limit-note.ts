import type { HookCallback } from '@anthropic-ai/claude-agent-sdk';
import type { Enclosure } from '../../sandboxes/limits/enclosure.ts';

/** After each tool: the model is told when a process of it was ended for memory, which an exit code alone does not say. */
export function limitNote(enclosure: Enclosure): HookCallback {
  return async (input) => {
    const name = input.hook_event_name;
    if (name !== 'PostToolUse' && name !== 'PostToolUseFailure') return {};
    const event = await enclosure.tellKills().catch(() => null);
    if (!event) return {};
    const additionalContext = `${event.message} What it was doing is not done. Do not repeat it as it was: let it use less.`;
    return { hookSpecificOutput: { hookEventName: name, additionalContext } };
  };
}
