import type { Api, App } from '../../../api.ts';
import { movePath } from './move-path.ts';
import { readPath } from './read-path.ts';
import { removePath } from './remove-path.ts';
import { writePath } from './write-path.ts';

/** Working directories. What is uploaded is no JSON, whatever its content type says: it is left unread. */
export function filesRoutes(app: App, api: Api): void {
  for (const route of [readPath, removePath, movePath]) route(app, api);
  app.register(async (uploads) => {
    uploads.removeAllContentTypeParsers();
    uploads.addContentTypeParser('*', (_request, _body, done) => done(null));
    writePath(uploads as App, api);
  });
}
