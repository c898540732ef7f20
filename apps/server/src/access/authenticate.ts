import { timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { hashApiKey } from './api-key.ts';

/** Who asks: the workspace of the key, and what the key may do. */
export interface Principal {
  keyId: string;
  workspaceId: string;
  scopes: string[];
}

interface KeyRow extends Principal {
  hash: Buffer;
}

const FIND = {
  name: 'access.find-key',
  text: `select id as "keyId", workspace_id as "workspaceId", scopes, hash from api_keys
          where hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
};

const CACHED_MAX = 10_000;
// A revoked key may be used this much longer.
const CACHED_MS = 2_000;

/** Finds who a key belongs to. Keys are known by their hash alone. */
export function createAuthenticator(pool: Pool): (key: string) => Promise<Principal | null> {
  const known = new LRUCache<string, Principal>({ max: CACHED_MAX, ttl: CACHED_MS });
  return async (key) => {
    const hash = hashApiKey(key);
    const name = hash.toString('base64');
    const cached = known.get(name);
    if (cached) return cached;
    const row = (await pool.query<KeyRow>({ ...FIND, values: [hash] })).rows[0];
    if (!row || !timingSafeEqual(row.hash, hash)) return null;
    const principal = { keyId: row.keyId, workspaceId: row.workspaceId, scopes: row.scopes };
    known.set(name, principal);
    return principal;
  };
}
