import { Health } from '@aaas/contract/operations-api';
import { z } from 'zod';
import type { Api, App } from '../../../api.ts';

const DATABASE_PATIENCE_MS = 2_000;

export function health(app: App, api: Api): void {
  const config = (operation: string) => ({ config: { operation, scope: null } });
  const tags = ['platform'];

  app.get(
    '/health',
    {
      ...config('health'),
      schema: { tags, summary: 'How the platform is; 200 while it serves', response: { 200: Health } },
    },
    () => summary(api),
  );

  app.get(
    '/health/live',
    {
      ...config('health.live'),
      schema: { tags, summary: 'The process answers', response: { 200: z.object({ status: z.literal('ok') }) } },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/health/ready',
    {
      ...config('health.ready'),
      schema: {
        tags,
        summary: 'It can take work; 503 when draining or without a database',
        response: { 200: Health, 503: Health },
      },
    },
    async (_request, reply) => {
      const now = await summary(api);
      return reply.code(now.status === 'ok' ? 200 : 503).send(now);
    },
  );
}

async function summary(api: Api): Promise<Health> {
  const reachable = await databaseAnswers(api);
  return {
    status: api.isDraining() ? 'draining' : reachable ? 'ok' : 'degraded',
    version: api.version,
    uptime_seconds: Math.round(process.uptime()),
    roles: [...api.roles],
    simulated: api.simulated(),
    database: reachable ? 'ok' : 'unreachable',
    redis: api.redis ? (api.redis.healthy ? 'ok' : 'unreachable') : 'off',
    agents: { owned: api.owned(), max: api.directories ? api.settings.MAX_AGENTS : 0 },
    warm_pool: api.warmPool(),
    upstreams: api.upstreams().map(({ name, state }) => ({ name, state })),
    enforcement: api.enforcement,
  };
}

async function databaseAnswers(api: Api): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(resolve, DATABASE_PATIENCE_MS, false).unref());
  return Promise.race([
    api.ctx.pool.query('select 1').then(
      () => true,
      () => false,
    ),
    late,
  ]);
}
