import { PLATFORM_CHAIN } from '@aaas/contract/audit';
import { ApiError } from '@aaas/contract/errors';
import { z } from 'zod';
import type { Principal } from '../../../../access/authenticate.ts';
import { holds } from '../../../../access/scopes.ts';

/** `?chain=platform`: what names no workspace. */
export const chainParam = z
  .literal(PLATFORM_CHAIN)
  .optional()
  .describe('`platform`: requests that name no workspace, which needs the scope platform:read. Else your workspace.');

/** @throws missing_scope */
export function chainOf(principal: Principal, chain: typeof PLATFORM_CHAIN | undefined): string {
  if (chain === undefined) return principal.workspaceId;
  if (!holds(principal.scopes, 'platform:read')) {
    throw new ApiError(
      'missing_scope',
      'The chain of the platform needs the scope platform:read. Use a key that has it.',
    );
  }
  return chain;
}
