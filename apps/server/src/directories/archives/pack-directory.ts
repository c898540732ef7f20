import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { ApiError } from '@aaas/contract/errors';
import { quoted } from '../confined/descend.ts';
import type { Directory } from '../confined/directory.ts';
import { whatIsWrongWith } from '../confined/parse-path.ts';
import { NAMES_PER_REQUEST, readNames, textOf } from '../confined/read-names.ts';
import type { SessionPlace } from '../directory-site.ts';
import { openRegular } from '../files/open-file.ts';
import { tooLarge } from '../files/receive.ts';
import { staysInside } from './link-target.ts';
import { tarHeader, tarPadding } from './write-tar.ts';

/** What an archive leaves out, and why. */
export interface Skipped {
  path: string;
  reason: 'not_a_regular_file' | 'link_leads_outside' | 'name_is_not_utf8' | 'too_deep' | 'cannot_be_read';
}

/** What an archive holds so far, and how much it may hold. */
export interface PackState {
  maxBytes: number;
  maxEntries: number;
  bytes: number;
  entries: number;
  skipped: Skipped[];
  /** Links that lead outside stay too: the archive goes back to where it came from, and nobody else reads it. */
  outsideLinks?: boolean;
}

export function newPackState(settings: { MAX_ARCHIVE_BYTES: number; MAX_ARCHIVE_ENTRIES: number }): PackState {
  const { MAX_ARCHIVE_BYTES: maxBytes, MAX_ARCHIVE_ENTRIES: maxEntries } = settings;
  return { maxBytes, maxEntries, bytes: 0, entries: 0, skipped: [] };
}

/**
 * The entries of a tar archive with what is in a directory, below `prefix`. Links stay links if they point inside; what
 * is neither a file, a directory nor such a link is left out and noted. @throws payload_too_large, agent_busy
 */
export async function* packDirectory(
  directory: Directory,
  place: Pick<SessionPlace, 'owner'>,
  prefix: string,
  state: PackState,
  here: string[] = [],
): AsyncGenerator<Buffer> {
  for (const name of await readNames(directory, { left: Math.max(NAMES_PER_REQUEST, state.maxEntries) })) {
    // Of what lies in a directory whose mode forbids to enter it there is no more than its name.
    const info = await directory.inspect(name).catch(() => undefined);
    if (info === null) continue;
    const text = textOf(name);
    const names = [...here, text ?? name.toString()];
    const skip = (reason: Skipped['reason']) => void state.skipped.push({ path: names.join('/'), reason });
    countEntry(state);
    if (text === null) skip('name_is_not_utf8');
    else if (!info) skip('cannot_be_read');
    else if (whatIsWrongWith(`${names.join('/')}${info.isDirectory() ? '/' : ''}`) !== null) skip('too_deep');
    else if (info.isDirectory()) yield* packChild(directory, place, prefix, state, names, info, skip);
    else if (info.isFile()) yield* packFile(directory, place, prefix, state, names, info, skip);
    else if (info.isSymbolicLink()) yield* packLink(directory, prefix, state, names, info, skip);
    else skip('not_a_regular_file');
  }
}

type Skip = (reason: Skipped['reason']) => void;

async function* packChild(
  directory: Directory,
  place: Pick<SessionPlace, 'owner'>,
  prefix: string,
  state: PackState,
  names: string[],
  info: BigIntStats,
  skip: Skip,
): AsyncGenerator<Buffer> {
  await using child = await directory.openDirectory(names.at(-1) as string).catch(() => null);
  if (!child) return skip('cannot_be_read');
  yield tarHeader({ ...common(prefix, names, info), path: `${prefix}${names.join('/')}/`, type: 'Directory', size: 0 });
  yield* packDirectory(child, place, prefix, state, names);
}

async function* packLink(
  directory: Directory,
  prefix: string,
  state: PackState,
  names: string[],
  info: BigIntStats,
  skip: Skip,
): AsyncGenerator<Buffer> {
  const bytes = await directory.linkTarget(names.at(-1) as string).catch(() => null);
  // Gone meanwhile, or no link any more.
  if (!bytes) return skip('cannot_be_read');
  const target = textOf(bytes);
  if (target === null || !(state.outsideLinks || staysInside(names, target))) return skip('link_leads_outside');
  yield tarHeader({ ...common(prefix, names, info), type: 'SymbolicLink', size: 0, linkpath: target });
}

async function* packFile(
  directory: Directory,
  place: Pick<SessionPlace, 'owner'>,
  prefix: string,
  state: PackState,
  names: string[],
  seen: BigIntStats,
  skip: Skip,
): AsyncGenerator<Buffer> {
  const shown = names.join('/');
  const opened = await openRegular(directory, names.at(-1) as string, seen, place, shown).catch(() => null);
  if (!opened) return skip('cannot_be_read');
  await using file = opened.file;
  const size = Number(opened.info.size);
  countBytes(state, size);
  yield tarHeader({ ...common(prefix, names, opened.info), type: 'File', size });
  yield* contentOf(file, size, shown);
  yield tarPadding(size);
}

const CHUNK_BYTES = 256 * 1024;

export async function* contentOf(file: FileHandle, size: number, shown: string): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const { bytesRead, buffer } = await file.read(
      Buffer.allocUnsafe(CHUNK_BYTES),
      0,
      Math.min(CHUNK_BYTES, size - at),
      at,
    );
    // Its header has gone out with the old size.
    if (bytesRead === 0) {
      throw new ApiError('agent_busy', `${quoted(shown)} became shorter while it was read. Try again.`, {
        retryAfterSeconds: 1,
      });
    }
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

export function countBytes(state: PackState, bytes: number): void {
  state.bytes += bytes;
  if (state.bytes > state.maxBytes) throw tooLarge(state.maxBytes, 'MAX_ARCHIVE_BYTES');
}

function countEntry(state: PackState): void {
  if (++state.entries <= state.maxEntries) return;
  throw new ApiError(
    'payload_too_large',
    `There are more than ${state.maxEntries} files, which is MAX_ARCHIVE_ENTRIES. Ask for a directory further down.`,
  );
}

function common(prefix: string, names: string[], info: BigIntStats) {
  return { path: prefix + names.join('/'), mode: Number(info.mode) & 0o777, modifiedMs: Number(info.mtimeMs) };
}
