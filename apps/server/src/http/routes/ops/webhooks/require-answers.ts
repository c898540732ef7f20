import { ApiError } from '@aaas/contract/errors';
import type { Principal } from '../../../../access/authenticate.ts';
import { holds } from '../../../../access/scopes.ts';

/**
 * What agents have answered is for keys that may read it: a webhook that carries it, and a delivery that did, must not
 * be a way around the scope. @throws missing_scope
 */
export function requireAnswers({ scopes }: Principal): void {
  if (holds(scopes, 'agents:read')) return;
  throw new ApiError(
    'missing_scope',
    'Webhooks with include_response carry what agents have answered, and need the scope agents:read too. Use a key that has it.',
  );
}
