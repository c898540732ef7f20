import { ChangeKeyRequest, Key } from '@aaas/contract/keys';
import { changeKey as storeChange } from '../../../../access/keys/change-key.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { KeyParams, keyIdOf, keyNotFound } from './key-params.ts';
import { presentKey } from './present-key.ts';

export function changeKey(app: App, api: Api): void {
  app.patch(
    '/api/v1/keys/:key_id',
    {
      config: { operation: 'keys.change', scope: 'keys:write' },
      schema: {
        tags: ['keys'],
        summary: 'Rename a key, or change when it ends',
        description: 'Only keys whose scopes your own key has. Scopes never change: create another key.',
        params: KeyParams,
        body: ChangeKeyRequest,
        response: { 200: Key, ...problems },
      },
    },
    async (request) => {
      const keyId = keyIdOf(request);
      const { name, expires_at: expiresAt } = request.body;
      const key = await storeChange(api.ctx.pool, request.principal, keyId, { name, expiresAt });
      if (!key) throw keyNotFound(keyId);
      api.keysChanged();
      return presentKey(key);
    },
  );
}
