import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './write-whole.ts';

const SECRET_BYTES = 32;

/** Signs what this node hands to its own processes. */
export async function nodeSecret(dataDir: string): Promise<Buffer> {
  const path = join(dataDir, 'node.secret');
  const known = await readFile(path).catch(() => null);
  // One that was cut short by a crash would let anybody sign.
  if (known?.length === SECRET_BYTES) return known;
  const secret = randomBytes(SECRET_BYTES);
  await writeWhole(path, secret);
  return secret;
}
