import type { Api, App } from '../../api.ts';
import { notAvailable } from './not-available.ts';
import { listSessionEvents } from './sessions/list-events.ts';
import { retrieveSession } from './sessions/retrieve-session.ts';
import { sendEvents } from './sessions/send-events.ts';
import { streamSessionEvents } from './sessions/stream-events.ts';

/** What we serve of the Claude Managed Agents API. */
export function managedRoutes(app: App, api: Api): void {
  for (const route of [retrieveSession, listSessionEvents, streamSessionEvents, sendEvents]) route(app, api);
  notAvailable(app);
}
