import { Key } from '@aaas/contract/keys';
import { revokeKey as endKey } from '../../../../access/keys/revoke-key.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { KeyParams, keyIdOf, keyNotFound } from './key-params.ts';
import { presentKey } from './present-key.ts';

export function revokeKey(app: App, api: Api): void {
  app.delete(
    '/api/v1/keys/:key_id',
    {
      config: { operation: 'keys.revoke', scope: 'keys:write' },
      schema: {
        tags: ['keys'],
        summary: 'Revoke a key',
        description:
          'For good, and at once; other nodes follow within two seconds. Only keys whose scopes your own has.',
        params: KeyParams,
        response: { 200: Key, ...problems },
      },
    },
    async (request) => {
      const keyId = keyIdOf(request);
      const key = await endKey(api.ctx.pool, request.principal, keyId);
      if (!key) throw keyNotFound(keyId);
      api.keysChanged();
      return presentKey(key);
    },
  );
}
