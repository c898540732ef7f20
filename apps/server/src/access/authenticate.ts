import { timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { hashApiKey } from './api-key.ts';
import { effectiveScopes } from './scopes.ts';
import type { SharedPrincipals } from './shared-principals.ts';

/** Who asks: the workspace of the key, and what the key may do. */
export interface Principal {
  keyId: string;
  workspaceId: string;
  scopes: string[];
  /** The workspace is the test side of another. */
  test: boolean;
}

export interface Authenticator {
  /** Null: the key is unknown, expired or revoked, or its workspace is archived. */
  authenticate(key: string): Promise<Principal | null>;
  /** Keys have changed: what this process knows of them is asked again. */
  forget(): void;
}

interface KeyRow extends Principal {
  hash: Buffer;
  expiresAt: Date | null;
}

const FIND = {
  name: 'access.find-key',
  text: `select k.id as "keyId", k.workspace_id as "workspaceId", k.scopes, w.test_of is not null as test, k.hash,
                k.expires_at as "expiresAt"
           from api_keys k join workspaces w on w.id = k.workspace_id
          where k.hash = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
            and w.archived_at is null`,
};

/** A principal, and when its key ends (milliseconds since 1970). */
export interface Known {
  principal: Principal;
  expiresAt: number;
}

const CACHED_MAX = 10_000;
/** A key that another process has revoked may be used this much longer. */
const CACHED_MS = 2_000;

/**
 * Finds who a key belongs to. Keys are known by their hash alone. `onUse` is told of each use. What this process does
 * not know, `shared` may.
 */
export function createAuthenticator(
  pool: Pool,
  onUse: (keyId: string) => void,
  shared: SharedPrincipals | null = null,
): Authenticator {
  const known = new LRUCache<string, Known>({ max: CACHED_MAX, ttl: CACHED_MS });
  const asking = new Map<string, Promise<Known | null>>();
  let epoch = 0;

  async function ask(name: string, hash: Buffer): Promise<Known | null> {
    const asked = { epoch, at: performance.now(), date: Date.now() };
    const others = await shared?.find(hash);
    if (others?.known) {
      const ttl = Math.min(CACHED_MS, others.validMs);
      if (asked.epoch === epoch) known.set(name, others.known, { start: asked.at, ttl });
      return others.known;
    }
    const row = (await pool.query<KeyRow>({ ...FIND, values: [hash] })).rows[0];
    if (!row || !timingSafeEqual(row.hash, hash)) return null;
    const { keyId, workspaceId, test } = row;
    const principal = { keyId, workspaceId, scopes: effectiveScopes(workspaceId, row.scopes), test };
    const found = { principal, expiresAt: row.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY };
    // An answer that was on its way while keys changed may be older than the change. Its age counts from the question.
    if (asked.epoch === epoch) known.set(name, found, { start: asked.at });
    if (asked.epoch === epoch && others?.epoch) shared?.put(hash, found, others.epoch, asked.date);
    return found;
  }

  return {
    async authenticate(key) {
      const hash = hashApiKey(key);
      const name = hash.toString('base64');
      let found = known.get(name) ?? null;
      if (!found) {
        // Requests that come together ask once.
        const question = `${epoch}.${name}`;
        let answer = asking.get(question);
        if (!answer) {
          answer = ask(name, hash).finally(() => asking.delete(question));
          asking.set(question, answer);
        }
        found = await answer;
      }
      if (!found || found.expiresAt <= Date.now()) return null;
      onUse(found.principal.keyId);
      return found.principal;
    },
    forget() {
      epoch += 1;
      known.clear();
      shared?.forget();
    },
  };
}
