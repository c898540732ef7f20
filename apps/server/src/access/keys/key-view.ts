/** A key as people see it; the key itself is never stored. */
export interface KeyView {
  id: string;
  workspaceId: string;
  name: string;
  hint: string;
  scopes: string[];
  test: boolean;
  status: 'active' | 'expired' | 'revoked';
  createdAt: Date;
  createdBy: string | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  replacedBy: string | null;
}

/** Columns of a KeyView; `k` is the key, `w` its workspace. */
export const KEY_COLUMNS = `
  k.id, k.workspace_id as "workspaceId", k.name, k.hint, k.scopes, w.test_of is not null as test,
  case when k.revoked_at is not null then 'revoked' when k.expires_at <= now() then 'expired' else 'active' end as status,
  k.created_at as "createdAt", k.created_by as "createdBy", k.expires_at as "expiresAt", k.revoked_at as "revokedAt",
  k.last_used_at as "lastUsedAt", k.replaced_by as "replacedBy"`;

/** The keys that a workspace can see are its own and those of its test side. `$1` is the workspace. */
export const VISIBLE_KEYS = `api_keys k join workspaces w on w.id = k.workspace_id and (w.id = $1 or w.test_of = $1)`;
