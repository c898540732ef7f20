import { isUtf8 } from 'node:buffer';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ApiError } from '@aaas/contract/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { etagOf } from '../../../../directories/files/describe-entry.ts';
import { matchesTag } from '../../../../directories/files/write-file.ts';
import { tagsOf } from './files-route.ts';
import { rangeOf } from './range.ts';

/**
 * Sends an open file and closes it. Never as what it claims to be: an agent's HTML must not run where the console
 * does.
 */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { file, info }: { file: FileHandle; info: BigIntStats },
  names: string[],
): Promise<FastifyReply> {
  try {
    const etag = etagOf(info);
    reply.headers({ ...SAFE, etag, 'accept-ranges': 'bytes', 'last-modified': httpDate(info) });
    const known = tagsOf(request.headers['if-none-match'])?.map((tag) => tag.replace(/^W\//, ''));
    if (known && matchesTag(info, known)) {
      await file.close();
      return reply.code(304).send();
    }
    const size = Number(info.size);
    const range = rangeOf(request.headers.range, request.headers['if-range']?.toString(), etag, size);
    if (range === 'outside') {
      reply.header('content-range', `bytes */${size}`);
      throw new ApiError('range_not_satisfiable', `The file has ${size} bytes. Ask for a range within them.`);
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    if (range) reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
    reply.headers({
      'content-type': await typeOf(file, size),
      'content-disposition': attachment(names.at(-1) as string),
      'content-length': end - start + 1,
    });
    return reply.send(request.method === 'HEAD' ? await nothing(file) : bytes(file, start, end));
  } catch (error) {
    await file.close();
    throw error;
  }
}

const SAFE = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
  'cache-control': 'private, no-cache',
};

const CHUNK_BYTES = 256 * 1024;

/** The bytes from `start` to `end`. A file that becomes shorter meanwhile breaks the answer off: it must not look whole. */
function bytes(file: FileHandle, start: number, end: number): Readable {
  let at = start;
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      const length = Math.min(CHUNK_BYTES, end - at + 1);
      if (length <= 0) {
        this.push(null);
        return;
      }
      file.read(Buffer.allocUnsafe(length), 0, length, at).then(
        ({ bytesRead, buffer }) => {
          at += bytesRead;
          if (bytesRead === 0) this.destroy(new Error('the file became shorter while it was read'));
          else this.push(buffer.subarray(0, bytesRead));
        },
        (error) => this.destroy(error),
      );
    },
    // However it ends, begun or not.
    destroy: (error, done) => void file.close().then(() => done(error), done),
  });
}

async function nothing(file: FileHandle): Promise<Readable> {
  await file.close();
  return Readable.from([]);
}

const SNIFFED_BYTES = 4_096;
// A character may be cut off at the end of what was read.
const CUT_BYTES = 3;

async function typeOf(file: FileHandle, size: number): Promise<string> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
  const head = buffer.subarray(0, bytesRead);
  const cuts = bytesRead < size ? [0, 1, 2, CUT_BYTES] : [0];
  const isText = !head.includes(0) && cuts.some((cut) => isUtf8(head.subarray(0, bytesRead - cut)));
  return isText ? 'text/plain; charset=utf-8' : 'application/octet-stream';
}

/** A Content-Disposition that makes a browser save the answer under this name. */
export function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function httpDate(info: BigIntStats): string {
  const date = new Date(Number(info.mtimeMs));
  return Number.isNaN(date.getTime()) ? new Date(0).toUTCString() : date.toUTCString();
}
