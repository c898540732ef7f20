import type { CanUseTool } from '@anthropic-ai/claude-agent-sdk';
import { denied } from './call-gate.ts';
import type { TurnPhases } from './turn-phases.ts';
import type { TurnTranslator } from './turn-translator.ts';

/**
 * Claude Code asks this about every call that the barrier leaves open, and waits for the answer without a deadline. An
 * allowed call is made only after its grant is spent.
 */
export function askPerson(current: () => TurnTranslator | null, phases: () => TurnPhases): CanUseTool {
  return async (tool, input, { toolUseID, signal }) => {
    const turn = current();
    if (!turn) return denied('No turn is open.');
    const { desk, definition } = turn.gate;
    const eventId = await turn.ask(toolUseID, tool, input).catch(() => null);
    if (eventId === null) {
      const message = desk.staffed
        ? 'The platform could not record this call, so it was not run.'
        : `${tool} needs approval in permission mode ${definition.permission_mode}, and nobody is there to give it: it was not run.`;
      turn.toolRefused(toolUseID, message);
      return denied(message);
    }
    const answered = phases().ask();
    const answer = await desk.answered(eventId, signal).finally(answered);
    if (!answer.allow) return denied(answer.message);
    const spent = await desk.spend(eventId, toolUseID).catch(() => false);
    return spent
      ? { behavior: 'allow', updatedInput: input }
      : denied('The platform could not record that this call was allowed, so it was not run.');
  };
}
