import type { GlobalOptions } from '../global-options.ts';
import { oneLine } from './one-line.ts';
import { printJson } from './print-json.ts';
import { style } from './style.ts';
import { cell, printFacts } from './table.ts';

/** The answer for programs, one sentence for people. */
export function printAnswer({ json }: GlobalOptions, answer: unknown, sentence: string): void {
  if (json) printJson(answer);
  else console.log(oneLine(sentence));
}

/** One thing: its name, its id, and what there is to know; null says nothing. Facts are on one line each. */
export function printThing(title: string, id: string, facts: Record<string, string | null>): void {
  console.log(`${style('bold', cell(title))}  ${style('dim', id)}`);
  printFacts(
    Object.fromEntries(Object.entries(facts).flatMap(([name, fact]) => (fact === null ? [] : [[name, fact]]))),
  );
}

/** A secret that is shown this once, apart from everything else. */
export function printSecret(name: string, secret: string): void {
  console.log(`\n${style('bold', name)}\n\n  ${secret}\n\n${style('yellow', 'It is shown this once. Keep it now.')}`);
}
