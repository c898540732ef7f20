import { blocksOf, type MessageRequest } from './message-request.ts';
import {
  kindByBeginning,
  SIDE_QUESTION,
  SIDE_SYSTEM_PROMPTS,
  SIDE_USER_PROMPTS,
  type SideRequest,
  TOOL_PROMPTS,
} from './side-prompts.ts';

/** Which side request of Claude Code this is; undefined for a turn of the conversation itself. */
export function recogniseSideRequest(request: MessageRequest): SideRequest | undefined {
  if (request.max_tokens === 1) return 'probe';
  for (const block of blocksOf(request.system)) {
    const kind = block.text === undefined ? undefined : kindByBeginning(block.text, SIDE_SYSTEM_PROMPTS);
    if (kind !== undefined) return kind;
  }
  const texts = lastUserTexts(request);
  const last = texts.at(-1) ?? '';
  if (texts.some((text) => text.startsWith(SIDE_QUESTION))) return 'question';
  return kindByBeginning(last, SIDE_USER_PROMPTS) ?? toolPrompt(request, last);
}

/** A user may write what a tool writes, but not in a request of one message that offers no tool of ours. */
function toolPrompt(request: MessageRequest, text: string): SideRequest | undefined {
  const tools = request.tools ?? [];
  const ownTools = tools.filter((tool) => tool.name !== 'web_search');
  if (request.messages.length > 1 || ownTools.length > 0) return undefined;
  const kind = kindByBeginning(text, TOOL_PROMPTS);
  return kind === 'search' && tools.length === 0 ? undefined : kind;
}

/** The texts of the last `role: "user"` entry; `role: "system"` entries may stand behind it. */
export function lastUserTexts(request: MessageRequest): string[] {
  const message = request.messages.findLast(({ role }) => role === 'user');
  return blocksOf(message?.content).flatMap((block) => (block.type === 'text' ? (block.text ?? []) : []));
}
