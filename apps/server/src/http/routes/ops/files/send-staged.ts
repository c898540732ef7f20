import type { FileHandle } from 'node:fs/promises';
import type { FastifyReply } from 'fastify';

/** Sends an archive that was written to a file, and closes it. */
export function sendStaged(
  reply: FastifyReply,
  format: 'tar' | 'tar.gz',
  { file, size }: { file: FileHandle; size: number },
): FastifyReply {
  reply.headers({
    'content-type': format === 'tar' ? 'application/x-tar' : 'application/gzip',
    'content-length': size,
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
  });
  return reply.send(file.createReadStream({ start: 0, autoClose: true }));
}
