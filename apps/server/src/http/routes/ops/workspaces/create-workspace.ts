import { CreateWorkspaceRequest, NewWorkspace } from '@aaas/contract/workspaces';
import { createWorkspace as makeWorkspace } from '../../../../access/workspaces/create-workspace.ts';
import type { Api, App } from '../../../api.ts';
import { presentNewKey } from '../keys/present-key.ts';
import { problems } from '../problems.ts';
import { presentWorkspace } from './present-workspace.ts';

export function createWorkspace(app: App, api: Api): void {
  app.post(
    '/api/v1/workspaces',
    {
      config: { operation: 'workspaces.create', scope: 'platform:write' },
      schema: {
        tags: ['workspaces'],
        summary: 'Create a workspace',
        description: 'The answer shows its first key, this once.',
        body: CreateWorkspaceRequest,
        response: { 201: NewWorkspace, ...problems },
      },
    },
    async (request, reply) => {
      const { name, admin_key: adminKey } = request.body;
      const { MAX_KEYS_PER_WORKSPACE } = api.settings;
      const wanted = { name, adminKey };
      const made = await makeWorkspace(api.ctx.pool, request.principal, wanted, MAX_KEYS_PER_WORKSPACE);
      return reply
        .code(201)
        .header('location', `/api/v1/workspaces/${made.workspace.id}`)
        .send({ ...presentWorkspace(made.workspace), admin_key: made.adminKey && presentNewKey(made.adminKey) });
    },
  );
}
