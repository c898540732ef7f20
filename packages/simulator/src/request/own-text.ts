import { isContinuationPrompt } from './continuation-prompts.ts';
import { isSidePrompt } from './side-prompts.ts';

const TAGS = ['system-reminder', 'platform-note'] as const;

/** What the user wrote in a text block: without reminders and notes. Empty when nothing in it is the user's own. */
export function ownText(text: string): string {
  if (isContinuationPrompt(text) || isSidePrompt(text)) return '';
  let own = text;
  for (const tag of TAGS) own = withoutElement(own, tag);
  own = own.trim();
  return isContinuationPrompt(own) ? '' : own;
}

/** Removes `<tag>…</tag>`. By position, not by regular expression: the cost stays linear whatever the text holds. */
export function withoutElement(text: string, tag: string): string {
  const [open, close] = [`<${tag}>`, `</${tag}>`];
  let kept = '';
  let position = 0;
  for (;;) {
    const start = text.indexOf(open, position);
    const end = start < 0 ? -1 : text.indexOf(close, start);
    if (end < 0) return position === 0 ? text : kept + text.slice(position);
    kept += text.slice(position, start);
    position = end + close.length;
  }
}
