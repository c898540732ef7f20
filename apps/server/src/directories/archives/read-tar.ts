import type { ApiError } from '@aaas/contract/errors';
import { Header } from 'tar';
import { ByteReader } from './byte-reader.ts';
import { invalidArchive } from './invalid-archive.ts';
import { type PaxFields, parsePax } from './parse-pax.ts';

/** One entry of an archive. Its content must be read before the next entry is asked for, or is passed over. */
export interface TarItem {
  path: string;
  /** `other`: what no archive for us may hold; `kind` says what it is. */
  type: 'file' | 'directory' | 'symlink' | 'other';
  kind: string;
  size: number;
  mode: number;
  modified: Date | null;
  linkpath: string;
  content(): AsyncGenerator<Buffer>;
}

const BLOCK_BYTES = 512;
/** Of the headers that give a long name. */
const META_MAX_BYTES = 64 * 1024;

const TYPES: Record<string, TarItem['type']> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'directory',
  SymbolicLink: 'symlink',
};

/** The entries of a tar archive. @throws invalid_archive where it is none */
export async function* readTar(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarItem> {
  const reader = new ByteReader(chunks);
  let longer: PaxFields = {};
  for (;;) {
    const block = await reader.take(BLOCK_BYTES);
    if (!block) return;
    const header = new Header(block);
    // Two empty blocks end an archive; nothing after the first counts.
    if (header.nullBlock) return reader.drain();
    if (!header.cksumValid) throw invalidArchive('is damaged, or no tar archive at all');
    const size = wholeSize(header, longer);
    const next = await metaOf(header, size, reader);
    if (next) {
      longer = { ...longer, ...next };
      continue;
    }
    yield* itemOf(header, longer, size, reader);
    longer = {};
  }
}

async function* itemOf(header: Header, longer: PaxFields, size: number, reader: ByteReader): AsyncGenerator<TarItem> {
  let left = size;
  async function* content(): AsyncGenerator<Buffer> {
    while (left > 0) {
      const chunk = await reader.some(left);
      if (!chunk) throw cutOff();
      left -= chunk.length;
      yield chunk;
    }
  }
  const path = longer.path ?? header.path ?? '';
  const type = TYPES[header.type] ?? 'other';
  yield {
    path,
    type: type === 'file' && path.endsWith('/') ? 'directory' : type,
    kind: header.type,
    size,
    mode: header.mode ?? 0o644,
    modified: header.mtime ?? null,
    linkpath: longer.linkpath ?? header.linkpath ?? '',
    content,
  };
  for await (const _ of content());
  await skipPadding(reader, size);
}

/** What a header says about the entry after it; null when it is an entry itself. */
async function metaOf(header: Header, size: number, reader: ByteReader): Promise<PaxFields | null> {
  const { type } = header;
  if (!['ExtendedHeader', 'GlobalExtendedHeader', 'NextFileHasLongPath', 'NextFileHasLongLinkpath'].includes(type)) {
    return null;
  }
  if (size > META_MAX_BYTES) throw invalidArchive('has a header larger than 64 KiB');
  const body = await reader.take(size);
  if (!body) throw cutOff();
  await skipPadding(reader, size);
  if (type === 'ExtendedHeader') return parsePax(body);
  // What holds for all entries is their owner or a comment, which do not matter here.
  if (type === 'GlobalExtendedHeader') return {};
  const text = body.toString().replace(/\0.*$/s, '');
  return type === 'NextFileHasLongPath' ? { path: text } : { linkpath: text };
}

function wholeSize(header: Header, longer: PaxFields): number {
  const isEntry = header.type in TYPES;
  const size = (isEntry ? longer.size : undefined) ?? header.size ?? 0;
  if (!Number.isSafeInteger(size) || size < 0) throw invalidArchive('gives an entry a size that is no number');
  // Only files have content; some programs write the size of other things too.
  return header.type === 'Directory' || header.type === 'SymbolicLink' ? 0 : size;
}

async function skipPadding(reader: ByteReader, size: number): Promise<void> {
  const padding = (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
  if (padding > 0 && !(await reader.take(padding))) throw cutOff();
}

function cutOff(): ApiError {
  return invalidArchive('ends in the middle');
}
