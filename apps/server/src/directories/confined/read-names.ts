import { opendir } from 'node:fs/promises';
import { ApiError } from '@aaas/contract/errors';
import type { Directory } from './directory.ts';

/** How many names one request may still read. An agent can make more files than anybody should list at once. */
export interface Budget {
  left: number;
}

export const NAMES_PER_REQUEST = 200_000;

/** All names in a directory, in the order of their bytes. @throws directory_too_large when the budget is used up. */
export async function readNames(directory: Directory, budget: Budget): Promise<Buffer[]> {
  const names: Buffer[] = [];
  const entries = await opendir(directory.self, { encoding: 'buffer' as BufferEncoding, bufferSize: 1_000 });
  for await (const entry of entries) {
    if (budget.left-- <= 0) {
      throw new ApiError(
        'directory_too_large',
        `There are more than ${NAMES_PER_REQUEST} names to read. Ask for a directory further down.`,
      );
    }
    names.push(entry.name as unknown as Buffer);
  }
  return names.sort(Buffer.compare);
}

/** A name as text; null when its bytes are not UTF-8, so that no address can name it. */
export function textOf(name: Buffer): string | null {
  const text = name.toString();
  return Buffer.compare(Buffer.from(text), name) === 0 ? text : null;
}
