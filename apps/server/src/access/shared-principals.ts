import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SharedRedis } from '../redis/shared-redis.ts';
import type { Signer } from '../redis/signer.ts';
import type { Known } from './authenticate.ts';

/** An answer of the database is believed so long, by every node, whatever Redis says of its age. */
const VALID_MS = 10_000;
const NAMES = 'names of principals';
const ENTRIES = 'principals';

/** What the nodes tell each other of keys that they have looked up. All of it may fail, and then says nothing. */
export interface SharedPrincipals {
  /** `epoch` has to be named by whoever puts what the database answers: keys may have changed in between. */
  find(keyHash: Buffer): Promise<{ known: Known | null; validMs: number; epoch: string | null }>;
  put(keyHash: Buffer, known: Known, epoch: string, askedAt: number): void;
  /** Keys have changed: nothing that was put before is found any more, by any node. */
  forget(): void;
}

const Entry = z.object({
  key_id: z.string(),
  workspace_id: z.string(),
  scopes: z.array(z.string()),
  test: z.boolean(),
  /** Milliseconds since 1970; null: it does not expire. */
  expires_at: z.number().nullable(),
  epoch: z.string(),
  valid_until: z.number(),
});

/**
 * Keeps principals in Redis, by a name that tells nothing of the key. Each entry is signed with the secret of the fleet
 * together with its name, its epoch and the end of its time: who can write to Redis can neither make one, nor move it
 * to another key, nor keep it alive.
 */
export function sharedPrincipals(redis: SharedRedis, signer: Signer): SharedPrincipals {
  const epochKey = `${redis.prefix}keys`;
  const nameOf = (keyHash: Buffer) => `${redis.prefix}key:${signer.sign(keyHash.toString('base64'), NAMES)}`;

  const renew = () => {
    const epoch = randomUUID();
    redis.run((commands) => commands.set(epochKey, epoch)).catch(() => {});
    return epoch;
  };
  // What was changed while Redis was away it has not been told.
  redis.onChange((healthy) => {
    if (healthy) renew();
  });

  return {
    async find(keyHash) {
      const nothing = { known: null, validMs: 0, epoch: null };
      if (!redis.healthy) return nothing;
      const name = nameOf(keyHash);
      const answer = await redis.run((commands) => commands.mget(epochKey, name)).catch(() => null);
      if (!answer) return nothing;
      const epoch = answer[0] ?? renew();
      const entry = answer[1] ? readEntry(signer, name, answer[1]) : null;
      const validMs = entry ? Math.min(entry.valid_until - Date.now(), VALID_MS) : 0;
      if (!entry || validMs <= 0 || entry.epoch !== epoch) return { ...nothing, epoch };
      const { key_id: keyId, workspace_id: workspaceId, scopes, test, expires_at } = entry;
      const known = {
        principal: { keyId, workspaceId, scopes, test },
        expiresAt: expires_at ?? Number.POSITIVE_INFINITY,
      };
      return { known, validMs, epoch };
    },
    put(keyHash, { principal, expiresAt }, epoch, askedAt) {
      const name = nameOf(keyHash);
      const validUntil = askedAt + VALID_MS;
      const body = JSON.stringify({
        key_id: principal.keyId,
        workspace_id: principal.workspaceId,
        scopes: principal.scopes,
        test: principal.test,
        expires_at: Number.isFinite(expiresAt) ? expiresAt : null,
        epoch,
        valid_until: validUntil,
      } satisfies z.input<typeof Entry>);
      const text = `${signer.sign(`${name}\n${body}`, ENTRIES)} ${body}`;
      redis.run((commands) => commands.set(name, text, 'PX', VALID_MS)).catch(() => {});
    },
    forget: () => void renew(),
  };
}

function readEntry(signer: Signer, name: string, text: string): z.output<typeof Entry> | null {
  const space = text.indexOf(' ');
  const body = text.slice(space + 1);
  if (space < 0 || !signer.isSigned(`${name}\n${body}`, ENTRIES, text.slice(0, space))) return null;
  return Entry.safeParse(JSON.parse(body)).data ?? null;
}
