import type { ServerResponse } from 'node:http';
import { ApiError } from '@aaas/contract/errors';
import type { ModelList } from '@aaas/contract/models';
import type { Logger } from 'pino';
import { Agent, request } from 'undici';
import type { KnownNodes } from '../fleet/nodes/known-nodes.ts';
import type { ModelCatalogue } from '../gateway/models/model-catalogue.ts';
import { signCall } from './node-token.ts';
import type { InternalService } from './start-internal.ts';

const PATH = '/models';
const PATIENCE_MS = 15_000;

/** Tells nodes without a gateway which models there are. */
export function modelsService(models: ModelCatalogue, log: Logger): InternalService {
  return {
    path: PATH,
    serve: (req, res) => {
      const { searchParams } = new URL(req.url ?? '/', 'http://node');
      const workspaceId = searchParams.get('workspace') ?? '';
      const model = searchParams.get('missing');
      const asked = model === null ? models.list(workspaceId) : models.missing(workspaceId, model);
      asked.then(
        (answer) => send(res, 200, answer),
        (err) => {
          log.error({ err }, 'failed to list models for another node');
          send(res, 500, null);
        },
      );
    },
  };
}

function send(res: ServerResponse, status: number, answer: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

/** The models as the gateways of the fleet know them, for a node that is none. */
export function remoteModels(options: {
  nodes: KnownNodes;
  nodeId: string;
  secret: Buffer;
  log: Logger;
}): Pick<ModelCatalogue, 'list' | 'missing'> & { close(): Promise<void> } {
  const { nodes, nodeId, secret, log } = options;
  const agent = new Agent({ connect: { timeout: 3_000 }, allowH2: false });

  async function ask<T>(query: Record<string, string>): Promise<T | null> {
    const path = `${PATH}?${new URLSearchParams(query)}`;
    for (const { id, address } of nodes.withRole('gateway')) {
      try {
        const answer = await request(`${address}${path}`, {
          dispatcher: agent,
          headers: signCall(secret, nodeId, { method: 'GET', path, principal: null }),
          signal: AbortSignal.timeout(PATIENCE_MS),
        });
        if (answer.statusCode === 200) return (await answer.body.json()) as T;
        await answer.body.dump();
      } catch (error) {
        log.warn({ gateway: id, error: (error as Error).message }, 'a gateway did not say which models it has');
      }
    }
    throw new ApiError('unavailable', 'No gateway of this fleet can be reached. Start one, or try again in a moment.');
  }
  return {
    list: async (workspaceId) => (await ask<ModelList>({ workspace: workspaceId })) as ModelList,
    // An agent may be defined while no gateway runs: the model is asked for when it is used.
    missing: (workspaceId, model) => ask<string[]>({ workspace: workspaceId, missing: model }).catch(() => null),
    close: () => agent.destroy(),
  };
}
