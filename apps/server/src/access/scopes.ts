import { ApiError } from '@aaas/contract/errors';
import type { GrantedScope } from '@aaas/contract/keys';
import { PLATFORM_SCOPES, type Scope, WORKSPACE_SCOPES } from '@aaas/contract/scopes';
import { DEFAULT_WORKSPACE } from './default-workspace.ts';

const ALL = '*';

export function holds(scopes: readonly string[], scope: string): boolean {
  return scopes.includes(ALL) || scopes.includes(scope);
}

/** What a stored key may really do: outside the default workspace nothing of the platform, whatever its row says. */
export function effectiveScopes(workspaceId: string, stored: string[]): string[] {
  if (workspaceId === DEFAULT_WORKSPACE) return stored;
  const workspace = stored.includes(ALL) ? WORKSPACE_SCOPES : stored;
  return workspace.filter((scope) => !isOfPlatform(scope));
}

/** Every scope of a workspace that the holder has: what a new key gets when nobody says more. */
export function workspaceScopesOf(held: readonly string[]): Scope[] {
  return WORKSPACE_SCOPES.filter((scope) => holds(held, scope));
}

/** @throws missing_scope when somebody would give away, or act on a key with, more than he has himself. */
export function requireHeld(held: readonly string[], wanted: readonly string[]): void {
  const lacking = wanted.find((scope) => !holds(held, scope));
  if (lacking === undefined) return;
  throw new ApiError('missing_scope', `This needs the scope ${lacking}, which your own key has not.`);
}

/** @throws invalid_request when keys of the workspace cannot hold one of the scopes. */
export function requireGrantable(workspaceId: string, wanted: readonly GrantedScope[]): void {
  const wrong = workspaceId === DEFAULT_WORKSPACE ? undefined : wanted.find((scope) => isOfPlatform(scope));
  if (wrong === undefined) return;
  const message = `${wrong} can be held by live keys of the workspace ${DEFAULT_WORKSPACE} alone; name scopes of a workspace`;
  throw new ApiError('invalid_request', `scopes: ${message}.`, { errors: [{ field: 'scopes', message }] });
}

function isOfPlatform(scope: string): boolean {
  return scope === ALL || (PLATFORM_SCOPES as readonly string[]).includes(scope);
}
