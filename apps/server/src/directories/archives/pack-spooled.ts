import { unlink } from 'node:fs/promises';
import { stageFile } from '../confined/staging.ts';
import { type DirectorySite, openStagingOf } from '../directory-site.ts';
import { writeAll } from '../files/receive.ts';
import { contentOf, countBytes, type PackState } from './pack-directory.ts';
import { tarHeader, tarPadding } from './write-tar.ts';

const MODE = 0o600;

/** A file of an archive from text. */
export function* packText(path: string, text: string): Generator<Buffer> {
  const content = Buffer.from(text);
  yield tarHeader({ path, type: 'File', mode: MODE, modifiedMs: Date.now(), size: content.length });
  yield content;
  yield tarPadding(content.length);
}

/** A file of an archive from chunks; its length, which goes before it, is known when all of them are written down. */
export async function* packSpooled(
  site: DirectorySite,
  path: string,
  chunks: AsyncIterable<Buffer>,
  state: PackState,
): AsyncGenerator<Buffer> {
  await using staging = await openStagingOf(site);
  const { name, file } = await stageFile(staging);
  try {
    await unlink(staging.directory.at(name));
    const size = await writeAll(file, counted(chunks, state));
    yield tarHeader({ path, type: 'File', mode: MODE, modifiedMs: Date.now(), size });
    yield* contentOf(file, size, path);
    yield tarPadding(size);
  } finally {
    await file.close();
  }
}

async function* counted(chunks: AsyncIterable<Buffer>, state: PackState): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    countBytes(state, chunk.length);
    yield chunk;
  }
}
