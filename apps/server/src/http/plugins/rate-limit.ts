import { ApiError } from '@aaas/contract/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientNetwork } from '../../limits/client-network.ts';
import { WINDOW_SECONDS } from '../../limits/counters.ts';
import { limitsOf } from '../../limits/limits-of.ts';
import type { CountedLimit } from '../../limits/rate-limiter.ts';
import type { Api, App } from '../api.ts';
import { ANYBODY } from './authentication.ts';

/** Counts every request that has a principal, and refuses those that come too often. Register it after authentication. */
export function rateLimit(app: App, api: Api): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!request.principal) return;
    const { keyId, workspaceId } = request.principal;
    const limits = limitsOf(
      {
        rate: request.routeOptions.config.rate,
        method: request.method,
        managed: request.routeOptions.url?.startsWith('/v1/') ?? false,
        // Where no key is needed, whoever comes without one is a caller of his own.
        keyId: keyId === ANYBODY.keyId ? clientNetwork(request.ip) : keyId,
        workspaceId,
      },
      api.settings,
    );
    if (limits.length === 0) return;
    const counted = await api.limiter.count(limits);
    if (counted.length === 0) return;
    announce(reply, counted);
    const exceeded = counted.find(({ allowed }) => !allowed);
    if (exceeded) throw refusal(exceeded, request);
  });
}

/** The fields of draft-ietf-httpapi-ratelimit-headers: what the limits are, and what is left of them. */
function announce(reply: FastifyReply, counted: CountedLimit[]): void {
  const list = (item: (limit: CountedLimit) => string) => counted.map(item).join(', ');
  reply.header(
    'ratelimit-policy',
    list(({ policy, points }) => `"${policy}";q=${points};w=${WINDOW_SECONDS}`),
  );
  reply.header(
    'ratelimit',
    list(({ policy, remaining, resetMs }) => `"${policy}";r=${remaining};t=${seconds(resetMs)}`),
  );
}

function refusal({ points, of, resetMs, setting, policy }: CountedLimit, request: FastifyRequest): ApiError {
  const retryAfterSeconds = Math.max(seconds(resetMs), 1);
  const at = new Date(Date.now() + resetMs).toISOString();
  const whose = of === 'key' ? 'this API key' : `the workspace ${request.principal.workspaceId}`;
  return new ApiError(
    'rate_limited',
    `The limit ${policy} lets ${whose} make ${points} such requests a minute, and they are used up until ${at}. Try again in ${retryAfterSeconds} s; an operator can raise ${setting}.`,
    { retryAfterSeconds },
  );
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
