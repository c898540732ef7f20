import type { Api } from '../../../api.ts';

/** Answers of queries that ended before this are forgotten. */
export function keepSince(api: Api): Date {
  return new Date(api.ctx.now().getTime() - api.settings.QUERY_RETENTION * 1000);
}
