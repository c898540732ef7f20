import type { Readable } from 'node:stream';
import { ApiError } from '@aaas/contract/errors';
import { FileEntry, UnpackResult } from '@aaas/contract/files';
import { z } from 'zod';
import { makeDirectory } from '../../../../directories/files/make-directory.ts';
import { bounded, tooLarge } from '../../../../directories/files/receive.ts';
import { unpackInto } from '../../../../directories/files/unpack-into.ts';
import { writeFile } from '../../../../directories/files/write-file.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { FILES, filesOf, tagsOf } from './files-route.ts';

const Query = z.object({
  type: z.enum(['file', 'directory']).default('file').describe('directory: make one, and those above it.'),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'must be three octal digits, such as 755')
    .transform((text) => Number.parseInt(text, 8))
    .optional()
    .describe('Permission bits. Default: those of the file that is replaced, or 644.'),
  unpack: z.literal('tar.gz').optional().describe('The body is an archive; its content goes into the directory.'),
});

/** Inside a scope that leaves bodies unread. */
export function writePath(app: App, api: Api): void {
  for (const { url, params } of FILES) {
    app.put(
      url,
      {
        config: { operation: 'files.write', scope: 'files:write' },
        schema: {
          tags: ['files'],
          summary: 'Write a file, make a directory, or unpack an archive into one',
          description:
            'The body is the file, whatever its content type; a file is replaced whole or not at all. If-Match and If-None-Match: * are understood.',
          params,
          querystring: Query,
          response: { 200: z.union([FileEntry, UnpackResult]), 201: FileEntry, ...problems },
        },
      },
      async (request, reply) => {
        const { place, names } = await filesOf(api, request);
        const { type, mode, unpack } = request.query;
        const body = request.raw as Readable;
        if (unpack) return unpackInto(api.ctx.pool, place, names, body, api.settings);
        const max = api.settings.MAX_FILE_BYTES;
        if (Number(request.headers['content-length'] ?? 0) > max) throw tooLarge(max, 'MAX_FILE_BYTES');
        const { entry, created } =
          type === 'directory'
            ? await makeDirectory(api.ctx.pool, place, names)
            : await writeFile(api.ctx.pool, place, names, bounded(body, max, 'MAX_FILE_BYTES'), {
                mode,
                ifMatch: tagsOf(request.headers['if-match']),
                mustBeNew: mustBeNew(request.headers['if-none-match']),
              });
        if (entry.etag) reply.header('etag', entry.etag);
        return reply.code(created ? 201 : 200).send(entry);
      },
    );
  }
}

function mustBeNew(header: string | undefined): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  throw new ApiError('invalid_request', 'If-None-Match: only * is understood when a file is written.');
}
