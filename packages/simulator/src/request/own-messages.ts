import { type Block, blocksOf, type Message } from './message-request.ts';
import { ownText } from './own-text.ts';

/** A message with text that the user wrote, and where it stands in `messages`. */
export interface OwnMessage {
  readonly index: number;
  readonly text: string;
}

/**
 * The user's messages in the order they came. Tool results, reminders, `role: "system"` entries and the prompts that
 * Claude Code sends by itself are none. Consecutive `role: "user"` entries count each on their own.
 */
export function ownMessages(messages: readonly Message[]): OwnMessage[] {
  const found: OwnMessage[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'user') continue;
    for (const text of ownTexts(blocksOf(message.content))) found.push({ index, text });
  }
  return found;
}

/**
 * The messages of the user inside one `role: "user"` entry. Claude Code folds messages that got no answer (a failed
 * turn, an interrupted one) into one entry, and leaves one of two marks between them: a line feed added to the end of
 * the first text, or the reminders that stand before the second.
 */
function ownTexts(blocks: readonly Block[]): string[] {
  const messages: string[] = [];
  let seam = true;
  let skillFollows = false;
  for (const block of blocks) {
    if (block.type === 'tool_result') {
      seam = true;
      skillFollows = resultBeginsWith(block, 'Launching skill:');
    } else if (block.type === 'text' && block.text !== undefined) {
      // The instructions of a skill follow the result of the call that loaded it, as a text block without any mark.
      const own = skillFollows ? '' : ownText(block.text);
      skillFollows = false;
      if (own === '') {
        seam = true;
        continue;
      }
      if (seam) messages.push(own);
      else messages.push(`${messages.pop()}\n${own}`);
      seam = block.text.endsWith('\n');
    }
  }
  return messages;
}

function resultBeginsWith(block: Block, beginning: string): boolean {
  const first = blocksOf(block.content)[0];
  return first?.text?.startsWith(beginning) === true;
}
