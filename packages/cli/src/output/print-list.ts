import type { GlobalOptions } from '../global-options.ts';
import { printJson } from './print-json.ts';
import { style } from './style.ts';
import { printTable } from './table.ts';

/** Titles, and what stands below them. */
export type Columns<T> = Record<string, (entry: T) => string>;

/** A table for people, one array for programs. `empty` says what to do when there is nothing to show. */
export async function printList<T>(
  { json }: GlobalOptions,
  source: AsyncIterable<T> | Iterable<T>,
  columns: Columns<T>,
  empty: string,
): Promise<void> {
  const entries: T[] = [];
  for await (const entry of source) entries.push(entry);
  if (json) return printJson(entries);
  if (entries.length === 0) return console.log(style('dim', empty));
  const cells = Object.values(columns);
  printTable(
    Object.keys(columns),
    entries.map((entry) => cells.map((cellOf) => cellOf(entry))),
  );
}

/** The first entries of a list that may be long. */
export async function* take<T>(source: AsyncIterable<T>, most: number): AsyncGenerator<T> {
  let left = most;
  if (left <= 0) return;
  for await (const entry of source) {
    yield entry;
    if (--left === 0) return;
  }
}
