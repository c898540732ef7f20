import { createHash } from 'node:crypto';
import { ApiError } from '@aaas/contract/errors';
import type { Directory } from '../confined/directory.ts';
import { DEPTH_MAX } from '../confined/parse-path.ts';
import { readNames, textOf } from '../confined/read-names.ts';

/** A file, a directory or a link of the list: what is cheap to know of it. */
interface Listed {
  path: string;
  type: 'file' | 'directory' | 'link' | 'other';
  size: number;
  modified_ms: number;
  /** An agent can set the time of modification, but not this one. */
  changed_ms: number;
  mode: number;
}

/** What is in a working directory, without a look into any file. */
export interface Listing {
  /** JSON: path, type, size, times and mode of each entry. */
  text: string;
  /** Of the text: SHA-256 in hex. */
  digest: string;
  entries: number;
  files: number;
  bytes: number;
  /** false: there is more than was looked at. */
  complete: boolean;
  /** Because there are more entries than were to be looked at. */
  tooMany: boolean;
}

/** A list in the making. */
interface Draft {
  entries: Listed[];
  max: number;
  tooMany: boolean;
}

export async function listEntries(work: Directory, max: number): Promise<Listing> {
  const draft: Draft = { entries: [], max, tooMany: false };
  const complete = await listInto(work, draft, []);
  const { entries, tooMany } = draft;
  const text = JSON.stringify(entries);
  const files = entries.filter((entry) => entry.type === 'file');
  return {
    text,
    digest: createHash('sha256').update(text).digest('hex'),
    entries: entries.length,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    complete,
    tooMany,
  };
}

/** @returns false when there are more entries than `max`, or something cannot be looked into. */
async function listInto(directory: Directory, draft: Draft, above: string[]): Promise<boolean> {
  let complete = true;
  const names = await readNames(directory, { left: draft.max + 1 }).catch((error) => {
    draft.tooMany ||= error instanceof ApiError;
    return null;
  });
  for (const name of names ?? []) {
    if (draft.entries.length >= draft.max) {
      draft.tooMany = true;
      return false;
    }
    const text = textOf(name);
    const info = text === null ? undefined : await directory.inspect(name).catch(() => undefined);
    if (text === null || !info) {
      complete &&= info === null;
      continue;
    }
    const here = [...above, text];
    const type = info.isFile() ? 'file' : info.isDirectory() ? 'directory' : info.isSymbolicLink() ? 'link' : 'other';
    const { size, mtimeMs, ctimeMs, mode } = info;
    draft.entries.push({
      path: here.join('/'),
      type,
      size: type === 'file' ? Number(size) : 0,
      modified_ms: Number(mtimeMs),
      changed_ms: Number(ctimeMs),
      mode: Number(mode) & 0o7777,
    });
    if (type !== 'directory') continue;
    await using child = here.length > DEPTH_MAX ? null : await directory.openDirectory(name).catch(() => null);
    const whole = child !== null && (await listInto(child, draft, here));
    complete &&= whole;
  }
  return complete && names !== null;
}
