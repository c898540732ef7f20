import { createHash } from 'node:crypto';

const ID = /^(agent|sesn|sevt|sthr|turn)_([1-9A-HJ-NP-Za-km-z]{8})([1-9A-HJ-NP-Za-km-z]{16})$/;
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** Gives what is imported ids of its own. The same old id always becomes the same new one. */
export type AdoptId = (id: string) => string;

/** A thread's id follows from its session's, so that names may be given for whole ids and for what follows the prefix. */
export function adoptIds(given: { from: string; to: string }[]): AdoptId {
  const known = new Map(given.map(({ from, to }) => [suffixOf(from), suffixOf(to)]));
  const salt = given.map(({ to }) => to).join();
  return (id) => {
    const [, prefix, time, random] = ID.exec(id) ?? [];
    if (prefix === undefined || time === undefined || random === undefined) return id;
    // The time stays: ids sort by it.
    return `${prefix}_${known.get(time + random) ?? time + scramble(salt + id, random.length)}`;
  };
}

/** The ids in a JSON object, its own fields alone: what an agent said is left as it is. */
export function adoptFields<T extends Record<string, unknown>>(body: T, adopt: AdoptId): T {
  const entries = Object.entries(body).map(([key, value]) => [key, typeof value === 'string' ? adopt(value) : value]);
  return Object.fromEntries(entries) as T;
}

function suffixOf(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}

function scramble(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest();
  return Array.from(digest.subarray(0, length), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
