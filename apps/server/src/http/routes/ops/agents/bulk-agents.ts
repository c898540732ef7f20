import { BULK_MAX, BulkRequest, BulkResponse, type BulkResult } from '@aaas/contract/agents-api';
import { ApiError } from '@aaas/contract/errors';
import type { Status } from '@aaas/contract/lifecycle';
import type { z } from 'zod';
import type { Principal } from '../../../../access/authenticate.ts';
import { deleteAgent } from '../../../../agents/delete-agent.ts';
import { findAgentIds } from '../../../../agents/find-agents.ts';
import { changeIntent } from '../../../../sessions/lifecycle/change-intent.ts';
import { WISHES } from '../../../../sessions/lifecycle/wishes.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { sessionOf } from '../sessions/session-target.ts';
import { agentNotFound, isId } from './agent-params.ts';
import { interrupt } from './interrupt-agent.ts';

// Of the connections to the database, so that others get theirs.
const AT_ONCE = 4;

export function bulkAgents(app: App, api: Api): void {
  app.post(
    '/api/v1/agents/bulk',
    {
      config: { operation: 'agents.bulk', scope: 'agents:write' },
      schema: {
        tags: ['agents'],
        summary: 'Do one thing to many agents',
        description:
          'To the agents that are named, or to those that match a filter. Each has a result of its own; that of an agent that is not there is a 404.',
        body: BulkRequest,
        response: { 200: BulkResponse, ...problems },
      },
    },
    async (request) => {
      const { action } = request.body;
      const { principal } = request;
      const found = await agentsOf(api, principal.workspaceId, request.body);
      const ids = found.slice(0, BULK_MAX);
      const data: BulkResult[] = [];
      const rest = ids.entries();
      const work = async () => {
        for (const [index, agentId] of rest) data[index] = await resultOf(api, principal, agentId, action);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      const succeeded = data.filter((result) => result.ok).length;
      return { action, data, succeeded, failed: data.length - succeeded, truncated: found.length > BULK_MAX };
    },
  );
}

type Bulk = z.output<typeof BulkRequest>;

async function agentsOf(api: Api, workspaceId: string, { agent_ids: ids, filter = {} }: Bulk): Promise<string[]> {
  if (ids) return [...new Set(ids)];
  const { agent_type: agentType, q: nameContains, created_after, created_before, ...rest } = filter;
  const createdAfter = created_after === undefined ? undefined : new Date(created_after);
  const createdBefore = created_before === undefined ? undefined : new Date(created_before);
  const wanted = { ...rest, agentType, nameContains, createdAfter, createdBefore };
  return findAgentIds(api.ctx.pool, workspaceId, wanted, BULK_MAX + 1);
}

async function resultOf(api: Api, by: Principal, agentId: string, action: Bulk['action']): Promise<BulkResult> {
  try {
    return { agent_id: agentId, ok: true, status: await act(api, by, agentId, action), error: null };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, code, message: detail } = error;
    return { agent_id: agentId, ok: false, status: null, error: { status, code, detail } };
  }
}

async function act(api: Api, by: Principal, agentId: string, action: Bulk['action']): Promise<Status> {
  if (action === 'delete') {
    const ended = isId(agentId) ? await deleteAgent(api.ctx, by.workspaceId, agentId) : null;
    if (!ended) throw agentNotFound(agentId);
    for (const sessionId of ended.sessionIds) api.wake(sessionId);
    return 'draining';
  }
  const session = await sessionOf(api, { principal: by, params: { agent_id: agentId } });
  if (action === 'interrupt') return interrupt(api, session, by.keyId);
  const status = await changeIntent(api.ctx, session, WISHES[action]);
  if (!status) throw agentNotFound(agentId);
  api.wake(session.sessionId);
  return status;
}
