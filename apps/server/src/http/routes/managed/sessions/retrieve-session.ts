import { ApiError } from '@aaas/contract/errors';
import type { BetaManagedAgentsSession } from '@anthropic-ai/sdk/resources/beta/sessions/sessions';
import { findSession } from '../../../../sessions/find-session.ts';
import { hasOpenTurn, managedStatusOf, waitsForApproval } from '../../../../sessions/lifecycle/status.ts';
import { findSessionUsage } from '../../../../sessions/session-usage.ts';
import type { Api, App } from '../../../api.ts';
import { managedTools } from './managed-tools.ts';
import { requireSession, SessionParams } from './session-params.ts';

export function retrieveSession(app: App, api: Api): void {
  app.get(
    '/v1/sessions/:session_id',
    {
      config: { operation: 'managed.sessions.retrieve', scope: 'agents:read' },
      schema: { tags: ['managed agents'], summary: 'Retrieve a session', params: SessionParams },
    },
    async (request): Promise<BetaManagedAgentsSession> => {
      const { sessionId } = await requireSession(api, request);
      const session = await findSession(api.ctx.pool, sessionId);
      if (!session) throw new ApiError('not_found', `Session ${sessionId} was not found.`);
      const { definition } = session;
      return {
        id: session.id,
        type: 'session',
        status: managedStatusOf(session.status, hasOpenTurn(session) && !waitsForApproval(session)),
        title: session.title,
        environment_id: session.environmentId,
        agent: {
          type: 'agent',
          id: session.agentId,
          version: session.agentVersion,
          name: definition.name,
          description: definition.description,
          system: definition.system_prompt === '' ? null : definition.system_prompt,
          model: { id: definition.model, speed: 'standard' },
          tools: managedTools(definition),
          mcp_servers: [],
          skills: [],
          multiagent: null,
          execution_identity: { type: 'service_account' },
        },
        resources: [],
        vault_ids: [],
        metadata: session.metadata,
        budget: null,
        outcome_evaluations: [],
        stats: { duration_seconds: (api.ctx.now().getTime() - session.createdAt.getTime()) / 1000 },
        usage: await findSessionUsage(api.ctx.pool, sessionId),
        deployment_id: null,
        created_at: session.createdAt.toISOString(),
        updated_at: session.updatedAt.toISOString(),
        archived_at: session.archivedAt?.toISOString() ?? null,
      };
    },
  );
}
