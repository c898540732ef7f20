import type { OwnMessage } from '../request/own-messages.ts';
import { withoutScripts } from '../script/find-script.ts';

/** Characters of the user's text that a reply quotes. */
export const QUOTED_CHARACTERS = 200;

/** The reply without instructions: it shows how many of the user's messages came, and so whether memory was kept. */
export function defaultReply(own: readonly OwnMessage[]): string {
  return `Simulated reply ${own.length}: ${quote(own.at(-1)?.text ?? '')}`;
}

export function quote(text: string): string {
  // Twice as many UTF-16 units are enough for the characters that are kept, and spare a walk over a long text.
  const beginning = withoutScripts(text).slice(0, QUOTED_CHARACTERS * 2);
  return [...beginning].slice(0, QUOTED_CHARACTERS).join('');
}
