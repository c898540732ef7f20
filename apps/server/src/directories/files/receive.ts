import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ApiError } from '@aaas/contract/errors';

/**
 * The chunks of a request's body, `maxBytes` at most. The request is left open when we stop early: its sender must be
 * able to read why. @throws payload_too_large
 */
export async function* bounded(body: Readable, maxBytes: number, setting: string): AsyncGenerator<Buffer> {
  let received = 0;
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      received += (chunk as Buffer).length;
      if (received > maxBytes) throw tooLarge(maxBytes, setting);
      yield chunk as Buffer;
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError('bad_request', 'The body broke off. Send it again.', { cause: error });
  }
}

export function tooLarge(maxBytes: number, setting: string): ApiError {
  return new ApiError('payload_too_large', `It is larger than ${maxBytes} bytes, which is ${setting}. Send less.`);
}

/** Writes all chunks. @returns how many bytes */
export async function writeAll(file: FileHandle, chunks: AsyncIterable<Buffer>): Promise<number> {
  let written = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    written += chunk.length;
  }
  return written;
}
