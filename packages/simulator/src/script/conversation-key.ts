import { createHash } from 'node:crypto';
import type { MessageRequest } from '../request/message-request.ts';
import type { OwnMessage } from '../request/own-messages.ts';

/**
 * The same for every request that asks for a response to the same script: a hash over the user's messages up to it.
 * Not over the raw messages: a retry of Claude Code moves cache marks and reminders and adds prompts of its own. The
 * session, when the request names it, keeps apart two sessions that were told the same.
 */
export function conversationKey(request: MessageRequest, own: readonly OwnMessage[]): string {
  const texts = own.map(({ text }) => text);
  return createHash('sha256')
    .update(JSON.stringify([sessionOf(request.metadata?.user_id), ...texts]))
    .digest('base64');
}

/** Claude Code puts JSON with its session into `user_id`; other clients put any string there. */
function sessionOf(userId: unknown): unknown {
  if (typeof userId !== 'string') return null;
  try {
    return (JSON.parse(userId) as { session_id?: unknown }).session_id ?? userId;
  } catch {
    return userId;
  }
}
