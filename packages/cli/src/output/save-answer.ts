import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { GlobalOptions } from '../global-options.ts';
import { bytes } from './figures.ts';
import { printAnswer } from './print-answer.ts';
import { progress } from './progress.ts';

/** Writes the body of an answer to a file, which is there when it is whole; `-` is standard output. */
export async function saveAnswer(options: GlobalOptions, answer: Response, path: string): Promise<void> {
  const shown = progress('received');
  const length = answer.headers.get('content-length');
  const body = (answer.body ?? new ReadableStream()).pipeThrough(
    shown.counting(length === null ? undefined : Number(length)),
  );
  if (path === '-') {
    await body.pipeTo(Writable.toWeb(process.stdout), { preventClose: true }).finally(shown.end);
    return;
  }
  const partial = `${path}.part`;
  try {
    await body.pipeTo(Writable.toWeb(createWriteStream(partial)));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw new CliError(`Cannot save ${path}: ${(error as Error).message}.`, EXIT.failed);
  } finally {
    shown.end();
  }
  printAnswer(options, { file: path, size_bytes: shown.bytes }, `${path}: ${bytes(shown.bytes)}.`);
}
