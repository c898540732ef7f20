import { CreateKeyRequest, NewKey } from '@aaas/contract/keys';
import { createKey as makeKey } from '../../../../access/keys/create-key.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { expiryOf, presentNewKey } from './present-key.ts';

export function createKey(app: App, api: Api): void {
  app.post(
    '/api/v1/keys',
    {
      config: { operation: 'keys.create', scope: 'keys:write' },
      schema: {
        tags: ['keys'],
        summary: 'Create a key',
        description: 'The answer shows the key, this once.',
        body: CreateKeyRequest,
        response: { 201: NewKey, ...problems },
      },
    },
    async (request, reply) => {
      const { name, scopes, test, workspace_id: workspaceId } = request.body;
      const expiresAt = expiryOf(request.body, api.ctx.now()) ?? null;
      const wanted = { name, scopes, test, workspaceId, expiresAt };
      const key = await makeKey(api.ctx.pool, request.principal, wanted, api.settings.MAX_KEYS_PER_WORKSPACE);
      return reply.code(201).header('location', `/api/v1/keys/${key.id}`).send(presentNewKey(key));
    },
  );
}
