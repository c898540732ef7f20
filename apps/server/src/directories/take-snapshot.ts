import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { rename } from 'node:fs/promises';
import { newId } from '@aaas/contract/ids';
import type { DirectorySnapshot, TakeSnapshot } from '../sessions/lifecycle/directory-snapshot.ts';
import type { Directory } from './confined/directory.ts';
import { DEPTH_MAX } from './confined/parse-path.ts';
import { readNames, textOf } from './confined/read-names.ts';
import { openSessions } from './session-directory.ts';

const LIST = 'snapshot.json';

/** A file, a directory or a link of the list: what is cheap to know of it. */
interface Listed {
  path: string;
  type: 'file' | 'directory' | 'link' | 'other';
  size: number;
  modified_ms: number;
  mode: number;
}

/**
 * Names what is in a working directory: a list of its entries with size, time and mode, and a digest of that. No file is
 * read and nothing is copied. The list lies beside the directory, where the agent cannot reach it.
 */
export function snapshotTaker(dataDir: string, settings: { MAX_ARCHIVE_ENTRIES: number }): TakeSnapshot {
  return async ({ id: sessionId }, known) => {
    await using sessions = await openSessions(dataDir);
    await using root = await sessions.openDirectory(sessionId);
    await using work = (await root?.openDirectory('work')) ?? null;
    if (!root || !work) return null;
    const entries: Listed[] = [];
    const complete = await listInto(work, entries, settings.MAX_ARCHIVE_ENTRIES, []);
    const list = JSON.stringify(entries);
    const digest = createHash('sha256').update(list).digest('hex');
    const last = await readLast(root);
    const files = entries.filter((entry) => entry.type === 'file');
    const same = last !== null && last.id === known && last.digest === digest;
    const snapshot: Omit<DirectorySnapshot, 'seq'> = {
      id: same ? last.id : newId('snap'),
      taken_at: new Date().toISOString(),
      files: files.length,
      bytes: files.reduce((sum, file) => sum + file.size, 0),
      complete,
      digest,
    };
    if (!same)
      await writeList(root, `${JSON.stringify({ id: snapshot.id, digest }).slice(0, -1)},"entries":${list}}\n`);
    return snapshot;
  };
}

/** @returns false when there is more than `max` entries, or something cannot be looked into. */
async function listInto(directory: Directory, entries: Listed[], max: number, above: string[]): Promise<boolean> {
  let complete = true;
  const names = await readNames(directory, { left: max + 1 }).catch(() => null);
  for (const name of names ?? []) {
    if (entries.length >= max) return false;
    const text = textOf(name);
    const info = text === null ? null : await directory.inspect(name);
    if (text === null || !info) {
      complete &&= text !== null;
      continue;
    }
    const here = [...above, text];
    const type = info.isFile() ? 'file' : info.isDirectory() ? 'directory' : info.isSymbolicLink() ? 'link' : 'other';
    const { size, mtimeMs, mode } = info;
    entries.push({
      path: here.join('/'),
      type,
      size: type === 'file' ? Number(size) : 0,
      modified_ms: Number(mtimeMs),
      mode: Number(mode) & 0o7777,
    });
    if (type !== 'directory') continue;
    await using child = here.length > DEPTH_MAX ? null : await directory.openDirectory(name).catch(() => null);
    const whole = child !== null && (await listInto(child, entries, max, here));
    complete &&= whole;
  }
  return complete && names !== null;
}

async function readLast(root: Directory): Promise<{ id: string; digest: string } | null> {
  const file = await root.openFile(LIST, constants.O_RDONLY).catch(() => null);
  if (!file) return null;
  try {
    // Id and digest come first, whatever the length of the list.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(200), 0, 200, 0);
    const found = /^\{"id":"(snap_\w+)","digest":"([0-9a-f]{64})"/.exec(buffer.toString('utf8', 0, bytesRead));
    return found?.[1] && found[2] ? { id: found[1], digest: found[2] } : null;
  } finally {
    await file.close();
  }
}

async function writeList(root: Directory, text: string): Promise<void> {
  const { O_WRONLY, O_CREAT, O_TRUNC } = constants;
  const next = `${LIST}.next`;
  const file = await root.openFile(next, O_WRONLY | O_CREAT | O_TRUNC, 0o600);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  await rename(root.at(next), root.at(LIST));
}
