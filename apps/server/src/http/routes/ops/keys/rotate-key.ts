import { NewKey, RotateKeyRequest } from '@aaas/contract/keys';
import { rotateKey as makeSuccessor } from '../../../../access/keys/rotate-key.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { KeyParams, keyIdOf, keyNotFound } from './key-params.ts';
import { expiryOf, presentNewKey } from './present-key.ts';

export function rotateKey(app: App, api: Api): void {
  app.post(
    '/api/v1/keys/:key_id/rotate',
    {
      config: { operation: 'keys.rotate', scope: 'keys:write' },
      schema: {
        tags: ['keys'],
        summary: 'Replace a key by a new one',
        description:
          'The new key has the same name and scopes, and ends when the old one would have unless you say otherwise. The answer shows it, this once. The old key stays good for the overlap, a day by default.',
        params: KeyParams,
        body: RotateKeyRequest.nullable(),
        response: { 201: NewKey, ...problems },
      },
    },
    async (request, reply) => {
      const keyId = keyIdOf(request);
      const body = request.body ?? RotateKeyRequest.parse({});
      const wish = { overlapSeconds: body.overlap_seconds, expiresAt: expiryOf(body, api.ctx.now()) };
      const { MAX_KEYS_PER_WORKSPACE } = api.settings;
      const key = await makeSuccessor(api.ctx.pool, request.principal, keyId, wish, MAX_KEYS_PER_WORKSPACE);
      if (!key) throw keyNotFound(keyId);
      api.keysChanged();
      return reply.code(201).header('location', `/api/v1/keys/${key.id}`).send(presentNewKey(key));
    },
  );
}
