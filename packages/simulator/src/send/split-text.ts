/** Pieces of a text as a model would stream them: at least four when it is long enough, none longer than `longest`. */
export function splitText(text: string, longest = 256): string[] {
  return splitEvery(text, Math.min(longest, Math.max(1, Math.ceil(text.length / 4))));
}

/** Pieces of `size` characters; a character of two UTF-16 units stays whole. */
export function splitEvery(text: string, size: number): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + size, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end++;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
