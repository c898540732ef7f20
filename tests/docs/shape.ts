// What differs from run to run, and what stands for it.
const VARYING: [RegExp, string][] = [
  [/\b(agent|sesn|turn|query|apikey|wrkspc)_[A-Za-z0-9]{6,}/g, '<$1>'],
  [/\b[0-9a-f]{64}\b/g, '<hash>'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<time>'],
  [/\b[\d,.]+ (B|KiB|MiB|ms|s|min)\b/g, '<figure>'],
  [/\$[\d.,]+/g, '$<figure>'],
  [/\b\d[\d,]*\b/g, '<n>'],
  // Columns are as wide as what stands in them.
  [/ {2,}/g, '  '],
];

/** A line that is `…` stands for any lines, `…` at the end of one for its rest: as the page has them. */
export function shapeOf(text: string, asOnThePage: string): string[] {
  const page = linesOf(asOnThePage);
  if (text === asOnThePage) return page;
  const lines = linesOf(text);
  const shape: string[] = [];
  for (const [index, wanted] of page.entries()) {
    if (wanted === '…') {
      const next = page[index + 1];
      while (lines.length > 0 && (next === undefined || !fits(lines[0] as string, next))) lines.shift();
      shape.push(wanted);
      continue;
    }
    const line = lines.shift() ?? '<nothing>';
    shape.push(fits(line, wanted) ? wanted : line);
  }
  return [...shape, ...lines];
}

function fits(line: string, wanted: string): boolean {
  return wanted.endsWith('…') ? line.startsWith(wanted.slice(0, -1)) : line === wanted;
}

function linesOf(text: string): string[] {
  const normal = VARYING.reduce((so, [what, by]) => so.replace(what, by), text);
  return normal
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
}
