import type { BigIntStats } from 'node:fs';
import type { FileEntry } from '@aaas/contract/files';
import type { Directory } from '../confined/directory.ts';
import { textOf } from '../confined/read-names.ts';

/** Describes what stands at `name`. `parent`: the path of its directory, null when that cannot be written as text. */
export async function describeEntry(
  directory: Directory,
  name: Buffer,
  parent: string | null,
  info: BigIntStats,
): Promise<FileEntry> {
  const text = textOf(name);
  const isLink = info.isSymbolicLink();
  return {
    name: name.toString(),
    path: text === null || parent === null ? null : joinPath(parent, text),
    type: typeOf(info),
    size_bytes: Number(info.size),
    modified_at: timeOf(info),
    mode: (Number(info.mode) & 0o777).toString(8).padStart(4, '0'),
    ...(info.isFile() ? { etag: etagOf(info) } : {}),
    ...(isLink ? { target: await targetOf(directory, name) } : {}),
  };
}

export function joinPath(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`;
}

function typeOf(info: BigIntStats): FileEntry['type'] {
  if (info.isFile()) return 'file';
  if (info.isDirectory()) return 'directory';
  return info.isSymbolicLink() ? 'symlink' : 'other';
}

// An agent may set any time: the year 300000 is none that RFC 3339 can write.
const LATEST_MS = Date.UTC(9999, 11, 31);

function timeOf(info: BigIntStats): string {
  const ms = Number(info.mtimeMs);
  return new Date(Math.min(Math.max(ms, 0), LATEST_MS)).toISOString();
}

/** Changes whenever the file does: an agent can set the time of modification, but not that of the change. */
export function etagOf(info: BigIntStats): string {
  return `"${[info.ino, info.size, info.mtimeNs, info.ctimeNs].map((part) => part.toString(36)).join('-')}"`;
}

async function targetOf(directory: Directory, name: Buffer): Promise<string> {
  return (await directory.linkTarget(name).catch(() => Buffer.alloc(0))).toString();
}
