import type { Schema } from '@aaas/client/operations/operation-types';
import type { GlobalOptions } from '../../global-options.ts';
import { moment } from '../../output/figures.ts';
import { printSecret, printThing } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { cell } from '../../output/table.ts';

export function printKey(key: Schema<'Key'>): void {
  printThing(key.name, key.id, {
    status: key.status,
    'begins with': key.hint,
    side: key.test ? 'test: its agents are simulated' : 'live',
    scopes: cell(key.scopes.join(' ')),
    workspace: key.workspace_id,
    created: `${moment(key.created_at)} by ${key.created_by ?? 'the platform'}`,
    'last used': moment(key.last_used_at, 'never'),
    expires: moment(key.expires_at, 'never'),
    revoked: key.revoked_at && moment(key.revoked_at),
    'replaced by': key.replaced_by,
  });
}

export function printNewKey({ json }: GlobalOptions, key: Schema<'NewKey'>): void {
  if (json) {
    printJson(key);
    return;
  }
  printKey(key);
  printSecret('The key:', key.key);
}
