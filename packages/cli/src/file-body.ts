import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';

/** A file to be uploaded, read as it is sent; `-` is standard input. */
export async function fileBody(path: string): Promise<Blob> {
  if (path === '-') return new Blob([await buffer(process.stdin)]);
  try {
    if ((await stat(path)).isDirectory()) throw new Error('it is a directory');
    return await openAsBlob(path);
  } catch (error) {
    throw new CliError(`Cannot read ${path}: ${(error as Error).message}.`, EXIT.usage);
  }
}
