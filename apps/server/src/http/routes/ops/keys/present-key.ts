import type { Key, NewKey } from '@aaas/contract/keys';
import type { KeyView } from '../../../../access/keys/key-view.ts';
import type { CreatedKey } from '../../../../access/keys/store-key.ts';

export function presentKey(key: KeyView): Key {
  return {
    id: key.id,
    workspace_id: key.workspaceId,
    name: key.name,
    hint: key.hint,
    scopes: key.scopes,
    test: key.test,
    status: key.status,
    created_at: key.createdAt.toISOString(),
    created_by: key.createdBy,
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    replaced_by: key.replacedBy,
  };
}

export function presentNewKey(key: CreatedKey): NewKey {
  return { ...presentKey(key), key: key.key };
}

/** When a key ends that is made now. */
export function expiryOf(body: { expires_at?: Date | undefined; expires_in_seconds?: number | undefined }, now: Date) {
  return body.expires_in_seconds === undefined
    ? body.expires_at
    : new Date(now.getTime() + body.expires_in_seconds * 1000);
}
