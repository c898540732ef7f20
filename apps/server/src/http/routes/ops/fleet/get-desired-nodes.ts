import { DesiredNodes } from '@aaas/contract/autoscaler';
import { ApiError } from '@aaas/contract/errors';
import { viewDesired } from '../../../../fleet/autoscaler/view-autoscaler.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';

export function getDesiredNodes(app: App, api: Api): void {
  app.get(
    '/api/v1/fleet/autoscaler/desired',
    {
      config: { operation: 'fleet.autoscaler.desired', scope: 'platform:read', rate: 'none' },
      schema: {
        tags: ['platform'],
        summary: 'Get how many worker nodes the fleet should have, for whoever starts and ends them',
        description: 'Small and flat, for the metrics-api scaler of KEDA (`valueLocation: desired_nodes`).',
        response: { 200: DesiredNodes, ...problems },
      },
    },
    async () => {
      const desired = await viewDesired(api.ctx.pool, api.settings);
      // An error keeps what there is; a number would be acted on.
      if (!desired) throw new ApiError('unavailable', 'No node has looked at the fleet yet. Try again in a moment.');
      return desired;
    },
  );
}
