import { ApiError } from '@aaas/contract/errors';
import { DrainRequest, FleetNode } from '@aaas/contract/fleet';
import { changeDrain } from '../../../../fleet/draining/change-drain.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { fleetOf } from './get-fleet.ts';

export function drainNode(app: App, api: Api): void {
  app.post(
    '/api/v1/fleet/drain',
    {
      config: { operation: 'fleet.drain', scope: 'platform:write' },
      schema: {
        tags: ['platform'],
        summary: 'Have a node take no more work and give up what it has, or take work again',
        description:
          'Idle agents sleep, turns get DRAIN_TIMEOUT and then go on elsewhere, what waits is run elsewhere. Answers at once; the node is `drained` when it owns nothing any more. The API of the node goes on serving.',
        body: DrainRequest.optional(),
        response: { 200: FleetNode, ...problems },
      },
    },
    async (request) => {
      const self = api.nodeId;
      const { node_id: nodeId = self, undo = false } = request.body ?? {};
      const outcome = await changeDrain(api.ctx.pool, nodeId, !undo);
      if (outcome === 'no_worker') throw notAWorker(nodeId);
      if (outcome === 'changed' && nodeId === self) await api.lookAround();
      const node = outcome === 'changed' && (await fleetOf(api)).nodes.find(({ id }) => id === nodeId);
      if (!node) throw new ApiError('not_found', `There is no node ${nodeId} that runs. GET /api/v1/fleet lists them.`);
      return node;
    },
  );
}

function notAWorker(nodeId: string): ApiError {
  const error = { field: 'node_id', message: `${nodeId} runs no agents; name a node with the role worker` };
  return new ApiError('invalid_request', `${error.field}: ${error.message}.`, { errors: [error] });
}
