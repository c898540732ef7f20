import { Key } from '@aaas/contract/keys';
import { findKey } from '../../../../access/keys/find-keys.ts';
import type { Api, App } from '../../../api.ts';
import { problems } from '../problems.ts';
import { KeyParams, keyIdOf, keyNotFound } from './key-params.ts';
import { presentKey } from './present-key.ts';

export function getKey(app: App, api: Api): void {
  app.get(
    '/api/v1/keys/:key_id',
    {
      config: { operation: 'keys.get', scope: 'keys:read' },
      schema: { tags: ['keys'], summary: 'Get a key', params: KeyParams, response: { 200: Key, ...problems } },
    },
    async (request) => {
      const keyId = keyIdOf(request);
      const key = await findKey(api.ctx.pool, request.principal.workspaceId, keyId);
      if (!key) throw keyNotFound(keyId);
      return presentKey(key);
    },
  );
}
