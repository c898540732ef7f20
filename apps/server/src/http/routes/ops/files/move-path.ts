import { FileEntry, MoveFileRequest } from '@aaas/contract/files';
import { parsePath } from '../../../../directories/confined/parse-path.ts';
import { locateDirectory } from '../../../../directories/directory-site.ts';
import { movePath as move } from '../../../../directories/files/move-path.ts';
import type { Api, App } from '../../../api.ts';
import { AgentParams, mainSessionOf } from '../agents/agent-params.ts';
import { problems } from '../problems.ts';

export function movePath(app: App, api: Api): void {
  app.post(
    '/api/v1/agents/:agent_id/files/move',
    {
      config: { operation: 'files.move', scope: 'files:write' },
      schema: {
        tags: ['files'],
        summary: 'Move or rename a file, a link or a directory',
        params: AgentParams,
        body: MoveFileRequest,
        response: { 200: FileEntry, ...problems },
      },
    },
    async (request) => {
      const session = await mainSessionOf(api, request);
      const { from, to, overwrite } = request.body;
      const place = await locateDirectory(api.ctx.pool, api.directories, session);
      return move(place, parsePath(from), parsePath(to), overwrite);
    },
  );
}
