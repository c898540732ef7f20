import type { Api, App } from '../../../api.ts';
import { changeKey } from './change-key.ts';
import { createKey } from './create-key.ts';
import { getKey } from './get-key.ts';
import { listKeys } from './list-keys.ts';
import { revokeKey } from './revoke-key.ts';
import { rotateKey } from './rotate-key.ts';

export function keyRoutes(app: App, api: Api): void {
  for (const route of [createKey, listKeys, getKey, changeKey, rotateKey, revokeKey]) route(app, api);
}
