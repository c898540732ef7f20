import { FileEntry, MoveFileRequest } from '@aaas/contract/files';
import { parsePath } from '../../../../directories/confined/parse-path.ts';
import { movePath as move } from '../../../../directories/files/move-path.ts';
import { locateDirectory } from '../../../../directories/locate-directory.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { SESSION_ADDRESSES, sessionOf } from '../sessions/session-target.ts';
import { siteOf } from './files-route.ts';

export function movePath(app: App, api: Api): void {
  for (const { base, params } of SESSION_ADDRESSES) {
    app.post(
      `${base}/files/move`,
      {
        config: { operation: 'files.move', scope: 'files:write' },
        schema: {
          tags: ['files'],
          summary: 'Move or rename a file, a link or a directory',
          params,
          body: MoveFileRequest,
          response: { 200: FileEntry, ...problems },
        },
      },
      async (request) => {
        const session = await sessionOf(api, request);
        const { from, to, overwrite } = request.body;
        const place = await locateDirectory(api.ctx.pool, siteOf(api), session);
        return move(api.ctx.pool, place, parsePath(from), parsePath(to), overwrite);
      },
    );
  }
}
