import { Buffer } from 'node:buffer';
import type { DirectoryListing, FileEntry } from '@aaas/contract/files';
import { descend } from '../confined/descend.ts';
import type { Directory } from '../confined/directory.ts';
import { DEPTH_MAX } from '../confined/parse-path.ts';
import { type Budget, NAMES_PER_REQUEST, readNames, textOf } from '../confined/read-names.ts';
import { describeEntry, joinPath } from './describe-entry.ts';

export interface ListOptions {
  recursive: boolean;
  limit: number;
  /** The `next_cursor` of the page before. */
  cursor?: string | undefined;
}

/** Names of the last entry of the page before, from the listed directory down. */
type Position = Buffer[];

/**
 * Lists a directory, in the order of the names' bytes; with `recursive` each directory is followed by what is in it.
 * An agent that works meanwhile may be seen half done.
 */
export async function listDirectory(work: Directory, names: string[], options: ListOptions): Promise<DirectoryListing> {
  await using directory = await descend(work, names);
  const found: { entry: FileEntry; position: Position }[] = [];
  const after = options.cursor === undefined ? [] : decodeCursor(options.cursor);
  const walk = walkAfter(directory, after, [], names.join('/'), options.recursive, { left: NAMES_PER_REQUEST });
  for await (const next of walk) {
    found.push(next);
    if (found.length > options.limit) break;
  }
  const page = found.slice(0, options.limit);
  const last = page.at(-1);
  return {
    path: names.join('/'),
    entries: page.map(({ entry }) => entry),
    next_cursor: found.length > options.limit && last ? encodeCursor(last.position) : null,
  };
}

async function* walkAfter(
  directory: Directory,
  after: Position,
  here: Position,
  path: string | null,
  recursive: boolean,
  budget: Budget,
): AsyncGenerator<{ entry: FileEntry; position: Position }> {
  const [from, ...below] = after;
  for (const name of await readNames(directory, budget)) {
    const order = from ? Buffer.compare(name, from) : 1;
    if (order < 0) continue;
    const position = [...here, name];
    const info = await directory.inspect(name);
    if (!info) continue;
    if (order > 0) yield { entry: await describeEntry(directory, name, path, info), position };
    if (!recursive || !info.isDirectory() || position.length >= DEPTH_MAX) continue;
    // Replaced or closed to us meanwhile: it was listed, and that is all there is to say.
    await using child = await directory.openDirectory(name).catch(() => null);
    const text = textOf(name);
    const childPath = path === null || text === null ? null : joinPath(path, text);
    if (child) yield* walkAfter(child, order === 0 ? below : [], position, childPath, recursive, budget);
  }
}

function encodeCursor(position: Position): string {
  return Buffer.concat(position.map((name) => Buffer.concat([name, Buffer.from('/')]))).toString('base64url');
}

function decodeCursor(cursor: string): Position {
  const bytes = Buffer.from(cursor, 'base64url');
  const names: Position = [];
  for (let start = 0, end = bytes.indexOf('/'); end !== -1; start = end + 1, end = bytes.indexOf('/', start)) {
    names.push(bytes.subarray(start, end));
  }
  return names;
}
