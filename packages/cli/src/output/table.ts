import Table from 'cli-table3';
import { oneLine } from './one-line.ts';
import { style } from './style.ts';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Columns without lines between them. Those from `figuresFrom` on are aligned at their right. */
export function printTable(head: string[], rows: string[][], figuresFrom = head.length): void {
  const colAligns = head.map((_, index): 'left' | 'right' => (index < figuresFrom ? 'left' : 'right'));
  printRows([head.map((title) => style('bold', title)), ...rows], colAligns);
}

/** Names and what they stand for. */
export function printFacts(facts: Record<string, string>): void {
  printRows(Object.entries(facts).map(([name, value]) => [style('dim', name), value]));
}

function printRows(rows: string[][], colAligns: ('left' | 'right')[] = []): void {
  const table = new Table({
    chars: NO_LINES,
    colAligns,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  table.push(...rows);
  // The last column is padded as well, which nobody sees and every line wrap shows.
  console.log(table.toString().replace(/ +$/gm, ''));
}

/** A cell that somebody else has written. */
export function cell(text: string | null): string {
  return text === null || text === '' ? '–' : oneLine(text);
}
