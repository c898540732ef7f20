import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';

const SHOWN_MAX = 5;

/** What is searched, and how it is spoken of. */
export interface Named<T> {
  /** For example `agent`. */
  noun: string;
  /** What ids begin with, for example `agent_`. */
  prefix: string;
  /** The command that lists them. */
  listedBy: string;
  entries: AsyncIterable<T>;
  nameOf: (entry: T) => string;
}

/** The one that a user means: by its id, by its name, or by a beginning of the id that no other has. */
export async function resolveNamed<T extends { id: string }>(wanted: string, among: Named<T>): Promise<T> {
  // Every id begins with nothing: an unset variable of a script must not mean the only one there is.
  if (wanted === '') throw new CliError(`The ${among.noun} is not named: the argument is empty.`, EXIT.usage);
  const named: T[] = [];
  const begun: T[] = [];
  for await (const entry of among.entries) {
    if (entry.id === wanted) return entry;
    if (among.nameOf(entry) === wanted) named.push(entry);
    else if (entry.id.startsWith(wanted) || entry.id.startsWith(`${among.prefix}${wanted}`)) begun.push(entry);
  }
  const found = named.length > 0 ? named : begun;
  if (found.length > 1) {
    const ids = found.slice(0, SHOWN_MAX).map((entry) => entry.id);
    const rest = found.length > SHOWN_MAX ? ` and ${found.length - SHOWN_MAX} more` : '';
    throw new CliError(`${wanted} could be any of ${ids.join(', ')}${rest}. Give the id.`, EXIT.usage);
  }
  if (!found[0]) throw nothingNamed(wanted, among);
  return found[0];
}

export function nothingNamed(wanted: string, { noun, listedBy }: Pick<Named<never>, 'noun' | 'listedBy'>): CliError {
  return new CliError(`There is no ${noun} ${wanted}. See those there are with: ${listedBy}`, EXIT.notFound);
}
