const OPENING = /```simulate\b[ \t]*/;
const CLOSING_LINE = /^[ \t]*```[ \t]*$/m;
const ONE_LINE = /^([^\r\n]+?)```[ \t]*(?:\r?\n|$)/;

interface Fence {
  readonly before: string;
  readonly body: string;
  readonly after: string;
}

/** The JSON text of the first ```` ```simulate ```` block of a text. */
export function findScript(text: string): string | undefined {
  return cut(text)?.body;
}

/** The text without any such block. */
export function withoutScripts(text: string): string {
  let kept = '';
  let rest = text;
  for (let fence = cut(rest); fence !== undefined; fence = cut(rest)) {
    kept += fence.before;
    rest = fence.after;
  }
  return (kept + rest).trim();
}

/**
 * A line that holds only the fence closes the block: a script may quote another script inside a JSON string, where
 * line feeds are escaped. Without such a line the last fence closes it, and without any the end of the text.
 */
function cut(text: string): Fence | undefined {
  const opening = OPENING.exec(text);
  if (opening === null) return undefined;
  const before = text.slice(0, opening.index);
  const inner = text.slice(opening.index + opening[0].length);
  const oneLine = ONE_LINE.exec(inner);
  if (oneLine !== null) return { before, body: oneLine[1] ?? '', after: inner.slice(oneLine[0].length) };
  const closing = CLOSING_LINE.exec(inner.replaceAll('\r', ' '));
  const end = closing?.index ?? inner.lastIndexOf('```');
  if (end < 0) return { before, body: inner, after: '' };
  return { before, body: inner.slice(0, end), after: inner.slice(end + (closing?.[0].length ?? 3)) };
}
