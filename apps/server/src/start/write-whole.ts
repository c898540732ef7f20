import { rename, writeFile } from 'node:fs/promises';

/** Writes a file for our own eyes in one step: whoever reads it, after a crash too, finds all of it or what was there before. */
export async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}
