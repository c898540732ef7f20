import { type Block, blocksOf, type Message } from './message-request.ts';
import { withoutElement } from './own-text.ts';

/**
 * The text that the last tool call of the conversation got back, without the reminders that Claude Code hangs on it.
 * Of parallel calls it is the last one made, not the last one answered: Claude Code orders results as they come.
 */
export function lastToolResult(messages: readonly Message[]): string {
  const blocks = messages.flatMap((message) => blocksOf(message.content));
  const call = blocks.findLast((block) => block.type === 'tool_use');
  const isResult = (block: Block) => block.type === 'tool_result';
  const answers = (block: Block) => isResult(block) && block.tool_use_id === call?.id;
  const result = blocks.findLast(answers) ?? blocks.findLast(isResult);
  const texts = blocksOf(result?.content).flatMap((block) => block.text ?? []);
  return withoutElement(texts.join('\n'), 'system-reminder').trim();
}
