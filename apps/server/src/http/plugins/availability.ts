import { ApiError } from '@aaas/contract/errors';
import type { Api, App } from '../api.ts';

const DATABASE_RETRY_SECONDS = 5;

/** What begins work: a node that drains takes none. What ends work, or looks at it, goes on. */
const BEGINS_WORK: ReadonlySet<string> = new Set([
  'agents.create',
  'agents.bulk',
  'agents.import',
  'agents.start',
  'agents.restart',
  'agents.messages.send',
  'sessions.create',
  'sessions.start',
  'sessions.restart',
  'sessions.messages.send',
  'query.ask',
]);

/** Refuses at once what could not be served: all that needs the database while it is away, new work while draining. */
export function availability(app: App, api: Api): void {
  app.addHook('onRequest', async (request) => {
    const { operation, scope } = request.routeOptions.config;
    if (request.is404 || scope === null) return;
    if (api.databaseAway()) throw databaseUnavailable(undefined);
    if (api.isDraining() && BEGINS_WORK.has(operation ?? '')) throw draining(api);
  });
  app.addHook('preHandler', async (request) => {
    // Among its events there may be an interrupt, which ends work.
    if (!api.isDraining() || request.routeOptions.config.operation !== 'managed.sessions.events.send') return;
    const { events } = request.body as { events: { type: string }[] };
    if (events.some(({ type }) => type === 'user.message')) throw draining(api);
  });
}

function draining(api: Api): ApiError {
  return new ApiError('draining', 'This node is shutting down. Send it again: to another one, or after its restart.', {
    retryAfterSeconds: api.settings.DRAIN_TIMEOUT + 1,
  });
}

export function databaseUnavailable(cause: unknown): ApiError {
  return new ApiError(
    'database_unavailable',
    'The database cannot be reached. What was accepted goes on when it is back; send this again then.',
    { cause, retryAfterSeconds: DATABASE_RETRY_SECONDS },
  );
}

export function databaseLate(cause: unknown): ApiError {
  return new ApiError('unavailable', 'The database took too long for this. Send it again.', {
    cause,
    retryAfterSeconds: DATABASE_RETRY_SECONDS,
  });
}
