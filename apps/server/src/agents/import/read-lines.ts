import type { FileHandle } from 'node:fs/promises';
import type { z } from 'zod';
import { invalidArchive } from '../../directories/archives/invalid-archive.ts';
import { storableText } from '../../sessions/log/storable-text.ts';

const CHUNK_BYTES = 256 * 1024;
/** Of one line: a message with pictures in it. */
const LINE_MAX_BYTES = 64 * 1024 * 1024;

/** The lines of a file in an archive, each checked and given to `use`. @throws invalid_archive naming the line */
export async function* readLines<S extends z.ZodType, T>(
  file: FileHandle,
  name: string,
  schema: S,
  use: (line: z.output<S>) => T,
): AsyncGenerator<T> {
  let number = 0;
  for await (const line of split(file, name)) {
    number++;
    if (line.trim() === '') continue;
    yield check(`${name}, line ${number}`, () => use(parse(schema, line)));
  }
}

/** Parses JSON from an archive; text in it becomes such as the database can store. */
export function parse<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  const value = JSON.parse(text, (_, item) => (typeof item === 'string' ? storableText(item) : item));
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${issue?.path.join('.') || 'it'}: ${issue?.message}`);
}

/** Runs what reads a part of the archive; whatever is wrong there is said of the archive. */
export function check<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalidArchive(`cannot be read at ${where}: ${(error as Error).message.slice(0, 300)}`, error);
  }
}

async function* split(file: FileHandle, name: string): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    let rest = buffer.subarray(0, bytesRead);
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      yield Buffer.concat([...pending, rest.subarray(0, end)]).toString();
      pending = [];
      pendingBytes = 0;
      rest = rest.subarray(end + 1);
    }
    pending.push(rest);
    pendingBytes += rest.length;
    if (pendingBytes > LINE_MAX_BYTES)
      throw invalidArchive(`has a line longer than ${LINE_MAX_BYTES} bytes in ${name}`);
  }
  if (pendingBytes > 0) yield Buffer.concat(pending).toString();
}
