import { constants } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Directory } from '../confined/directory.ts';
import type { Listing } from './list-entries.ts';

const LIST = 'snapshot.json';

/** The id and the digest of the list that lies beside a working directory. */
export async function readSnapshotList(root: Directory): Promise<{ id: string; digest: string } | null> {
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

export async function writeSnapshotList(root: Directory, id: string, { digest, text }: Listing): Promise<void> {
  const { O_WRONLY, O_CREAT, O_TRUNC } = constants;
  const next = `${LIST}.next`;
  const file = await root.openFile(next, O_WRONLY | O_CREAT | O_TRUNC, 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ id, digest }).slice(0, -1)},"entries":${text}}\n`);
  } finally {
    await file.close();
  }
  await rename(root.at(next), root.at(LIST));
}
