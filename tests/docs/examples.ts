/** A block of a page that can be run, and what stands below it as its output. */
export interface Example {
  language: 'sh' | 'ts';
  code: string;
  output: string | null;
}

/** The blocks that are marked as `sh` or `ts`; one marked as `output` is of the block before it. */
export function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  for (const [, language, code] of page.matchAll(/^```(sh|ts|output)\n(.*?)^```$/gms)) {
    if (language !== 'output') examples.push({ language: language as 'sh' | 'ts', code: code as string, output: null });
    else (examples.at(-1) as Example).output = code as string;
  }
  return examples;
}
