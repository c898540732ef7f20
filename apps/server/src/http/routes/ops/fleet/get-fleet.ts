import { Fleet } from '@aaas/contract/fleet';
import { viewFleet } from '../../../../fleet/view-fleet.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';

export function getFleet(app: App, api: Api): void {
  app.get(
    '/api/v1/fleet',
    {
      config: { operation: 'fleet.get', scope: 'platform:read' },
      schema: {
        tags: ['platform'],
        summary: 'Get the nodes, their places and what waits for one',
        response: { 200: Fleet, ...problems },
      },
    },
    () => fleetOf(api),
  );
}

/** The fleet as this node sees it now. */
export function fleetOf(api: Api): Promise<Fleet> {
  return viewFleet(api.ctx.pool, {
    nodeId: api.nodeId,
    load: api.load(),
    leaseTtlSeconds: api.settings.LEASE_TTL,
    maxWaiting: api.settings.MAX_WAITING_AGENTS,
    now: api.ctx.now(),
  });
}
