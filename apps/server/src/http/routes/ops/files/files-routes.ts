import type { Api, App } from '../../../api.ts';
import { toDirectory } from '../../../plugins/to-directory.ts';
import { exportAgent } from '../agents/export-agent.ts';
import { importAgent } from '../agents/import-agent.ts';
import { movePath } from './move-path.ts';
import { readPath } from './read-path.ts';
import { removePath } from './remove-path.ts';
import { writePath } from './write-path.ts';

/** Working directories. What is uploaded is no JSON, whatever its content type says: it is left unread. */
export function filesRoutes(app: App, api: Api): void {
  app.register(async (files) => {
    await toDirectory(files as App, api);
    for (const route of [readPath, removePath, movePath, exportAgent]) route(files as App, api);
    files.register(async (uploads) => {
      uploads.removeAllContentTypeParsers();
      uploads.addContentTypeParser('*', (_request, body, done) => done(null, body));
      for (const route of [writePath, importAgent]) route(uploads as App, api);
    });
  });
}
