import { AgentType } from '@aaas/contract/operations-api';
import { z } from 'zod';
import { AGENT_TYPES } from '../../../agents/agent-types/all-types.ts';
import type { App } from '../../api.ts';
import { problems } from './problems.ts';

export function listAgentTypes(app: App): void {
  app.get(
    '/api/v1/agent-types',
    {
      config: { operation: 'agent-types.list', scope: 'agents:read' },
      schema: {
        tags: ['agents'],
        summary: 'List the agent types',
        response: { 200: z.object({ data: z.array(AgentType), next_cursor: z.null() }), ...problems },
      },
    },
    async () => ({
      data: Object.values(AGENT_TYPES).map((type) => ({
        name: type.name,
        title: type.title,
        description: type.description,
        tools: [...type.tools],
        permission_mode: type.permissionMode,
        system_prompt: type.systemPrompt,
      })),
      next_cursor: null,
    }),
  );
}
