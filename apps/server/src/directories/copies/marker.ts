import { constants } from 'node:fs';
import { link, unlink } from 'node:fs/promises';
import { newId } from '@aaas/contract/ids';
import type { Directory } from '../confined/directory.ts';

/** Says which copy of a session's directory this is, in a file beside it. */
export interface Marker {
  copy: string;
  /** That made it. */
  node: string;
}

const NAME = 'copy.json';
const MAX_BYTES = 1_000;

/** Null: there is none, or nothing that we have written. */
export async function readMarker(root: Directory): Promise<Marker | null> {
  const file = await root.openFile(NAME, constants.O_RDONLY).catch(() => null);
  if (!file) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    const { copy, node } = JSON.parse(buffer.toString('utf8', 0, bytesRead)) as Partial<Marker>;
    return typeof copy === 'string' && typeof node === 'string' ? { copy, node } : null;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

/** The marker of a directory, made when it has none. Two that ask at once get the same one. */
export async function ensureMarker(root: Directory, node: string): Promise<Marker> {
  const known = await readMarker(root);
  if (known) return known;
  const marker: Marker = { copy: newId('dir'), node };
  const next = `${NAME}.${marker.copy}`;
  const file = await root.openFile(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(JSON.stringify(marker));
  } finally {
    await file.close();
  }
  try {
    await link(root.at(next), root.at(NAME));
    return marker;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(root.at(next));
  }
  const theirs = await readMarker(root);
  if (theirs) return theirs;
  // Not one of ours: it says nothing.
  await unlink(root.at(NAME));
  return ensureMarker(root, node);
}
