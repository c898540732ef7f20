import { DirectoryListing } from '@aaas/contract/files';
import { z } from 'zod';
import { nothingAt } from '../../../../directories/confined/descend.ts';
import { openWork } from '../../../../directories/directory-site.ts';
import { listDirectory } from '../../../../directories/files/list-directory.ts';
import { openAt } from '../../../../directories/files/open-file.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { FILES, filesOf, flag } from './files-route.ts';
import { sendDirectory } from './send-directory.ts';
import { sendFile } from './send-file.ts';

const Query = z.object({
  recursive: flag.describe('Also what is in its directories, each after its directory.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  cursor: z.string().max(16_384).optional().describe('The next_cursor of the page before.'),
  download: z.enum(['tar.gz', 'tar']).optional().describe('The directory as an archive.'),
});

export function readPath(app: App, api: Api): void {
  for (const { url, params } of FILES) {
    app.get(
      url,
      {
        config: { operation: 'files.read', scope: 'files:read' },
        schema: {
          tags: ['files'],
          summary: 'List a directory, or read a file',
          description:
            'A directory answers what is in it; a file answers its bytes (Range, If-None-Match and HEAD are understood). Symbolic links are shown and never followed.',
          params,
          querystring: Query,
          response: { 200: DirectoryListing.describe('A directory. A file answers its bytes instead.'), ...problems },
        },
      },
      async (request, reply) => {
        const { place, names } = await filesOf(api, request);
        await using work = await openWork(place);
        if (!work && names.length > 0) throw nothingAt(names.join('/'));
        if (!work && !request.query.download) return { path: '', entries: [], next_cursor: null };
        const found = work ? await openAt(work, place, names) : { kind: 'directory' as const };
        if (found.kind === 'file') return (await sendFile(request, reply, found, names)) as never;
        if (request.query.download) return (await sendDirectory(api, request, reply, place, names)) as never;
        return await listDirectory(work as NonNullable<typeof work>, names, request.query);
      },
    );
  }
}
