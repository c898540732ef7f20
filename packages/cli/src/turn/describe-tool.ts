import type { ContentBlock } from '@aaas/client/events/log-event';
import { oneLine, printable } from '../output/one-line.ts';

/** The field of a tool's input that says most. */
const TELLING: Record<string, string> = {
  Bash: 'command',
  Read: 'file_path',
  Write: 'file_path',
  Edit: 'file_path',
  NotebookEdit: 'notebook_path',
  Glob: 'pattern',
  Grep: 'pattern',
  WebFetch: 'url',
  WebSearch: 'query',
};
// Where agents work; what is left is the path as the agent knows it.
const WORKING_DIRECTORY = /\/\S*\/sessions\/sesn_[A-Za-z0-9]+\/work\//g;
// What Claude Code adds to the results of its file tools.
const NOTE_TO_THE_MODEL = / \(file state is current in your context[^)]*\)/g;

/** What a tool is asked to do, on one line. */
export function describeInput(name: string, input: Record<string, unknown>): string {
  const telling = TELLING[name] === undefined ? undefined : input[TELLING[name]];
  const text = typeof telling === 'string' ? telling : JSON.stringify(input);
  return oneLine(text.replace(WORKING_DIRECTORY, ''));
}

/** What a tool gave back: its first lines, and how many follow them. */
export function describeResult(
  { content }: { content: ContentBlock[] },
  lineCount: number,
): { lines: string[]; more: number } {
  const text = content.map((block) => (block.type === 'text' ? block.text : '[image]')).join('\n');
  const lines = printable(text.replace(WORKING_DIRECTORY, '').replace(NOTE_TO_THE_MODEL, ''))
    .replace(/^(Exit code \d+)\n/, '$1: ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) return { lines: ['(no output)'], more: 0 };
  // A line that says that one more follows takes as much room as that one.
  const shown = lines.length === lineCount + 1 ? lines.length : lineCount;
  return { lines: lines.slice(0, shown).map((line) => line.trimEnd()), more: Math.max(lines.length - shown, 0) };
}
