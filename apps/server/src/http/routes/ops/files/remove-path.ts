import { z } from 'zod';
import { removePath as remove } from '../../../../directories/files/remove-path.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { FILES, filesOf, flag, tagsOf } from './files-route.ts';

export function removePath(app: App, api: Api): void {
  for (const { url, params } of FILES) {
    // The working directory itself stays.
    if (!url.endsWith('*')) continue;
    app.delete(
      url,
      {
        config: { operation: 'files.delete', scope: 'files:write' },
        schema: {
          tags: ['files'],
          summary: 'Remove a file, a link or a directory',
          params,
          querystring: z.object({ recursive: flag.describe('A directory with everything in it.') }),
          response: { 204: z.null().describe('It is gone.'), ...problems },
        },
      },
      async (request, reply) => {
        const { place, names } = await filesOf(api, request);
        await remove(api.ctx.pool, place, names, {
          recursive: request.query.recursive,
          ifMatch: tagsOf(request.headers['if-match']),
        });
        return reply.code(204).send(null);
      },
    );
  }
}
