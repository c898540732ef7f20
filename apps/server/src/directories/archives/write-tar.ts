import { Header, Pax } from 'tar';

/** What stands before the content of a file, or for a directory or a link, in a tar archive. */
export interface TarEntry {
  /** A directory's ends with a slash. */
  path: string;
  type: 'File' | 'Directory' | 'SymbolicLink';
  mode: number;
  modifiedMs: number;
  size: number;
  linkpath?: string;
}

const BLOCK_BYTES = 512;
// Twelve octal digits, as far as any program reads.
const LATEST_S = 0o77777777777;

export function tarHeader({ modifiedMs, ...entry }: TarEntry): Buffer {
  const mtime = new Date(Math.min(Math.max(Math.floor(modifiedMs / 1_000), 0), LATEST_S) * 1_000);
  const fields = { ...entry, mtime, uid: 0, gid: 0 };
  const header = new Header(fields);
  header.encode();
  const block = header.block as Buffer;
  if (!header.needPax) return block;
  const { path, size, linkpath } = entry;
  return Buffer.concat([new Pax({ path, size, ...(linkpath === undefined ? {} : { linkpath }) }).encode(), block]);
}

/** What follows content of this many bytes, up to the next block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK_BYTES);
