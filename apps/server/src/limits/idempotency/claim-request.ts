import { createHash, randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { sql } from '../../postgres/sql.ts';

export const LEASE_SECONDS = 60;
const KEPT_HOURS = 24;

/** A request under an Idempotency-Key, before it is handled. */
export interface KeyedRequest {
  workspaceId: string;
  keyId: string;
  idempotencyKey: string;
  /** Of method, address and body. */
  requestHash: Buffer;
}

export interface StoredAnswer {
  status: number;
  headers: Record<string, string>;
  /** Encrypted; null: it was too large, or a stream. */
  sealed: Buffer | null;
}

export type Claim =
  | { kind: 'first'; attempt: string }
  | { kind: 'answered'; answer: StoredAnswer }
  | { kind: 'running'; leaseSeconds: number }
  | { kind: 'mismatch' };

// Ours when the key is new, has expired, or was left behind by a process that died over the same request.
const CLAIM = sql(
  'idempotency.claim',
  `insert into idempotency_requests as r
          (workspace_id, key_id, key_hash, request_hash, attempt, lease_until, expires_at)
   values ($1, $2, $3, $4, $5, now() + make_interval(secs => ${LEASE_SECONDS}), now() + interval '${KEPT_HOURS} hours')
   on conflict (workspace_id, key_id, key_hash) do update
      set request_hash = excluded.request_hash, attempt = excluded.attempt, lease_until = excluded.lease_until,
          expires_at = excluded.expires_at, status = null, headers = null, sealed = null
    where r.expires_at <= now() or (r.lease_until <= now() and r.request_hash = excluded.request_hash)
   returning attempt`,
);

const READ = sql(
  'idempotency.read',
  `select request_hash as "requestHash", status, headers, sealed,
          ceil(extract(epoch from lease_until - now()))::int as "leaseSeconds"
     from idempotency_requests where workspace_id = $1 and key_id = $2 and key_hash = $3`,
);

interface Row {
  requestHash: Buffer;
  status: number;
  headers: Record<string, string>;
  sealed: Buffer | null;
  /** Null: it is done. */
  leaseSeconds: number | null;
}

/** Asks whether a request is the first under its key. If so it is the caller's to handle, until the lease ends. */
export async function claimRequest(pool: Pool, request: KeyedRequest): Promise<Claim> {
  const name = [request.workspaceId, request.keyId, createHash('sha256').update(request.idempotencyKey).digest()];
  for (;;) {
    const attempt = randomUUID();
    const claimed = await pool.query({ ...CLAIM, values: [...name, request.requestHash, attempt] });
    if (claimed.rowCount === 1) return { kind: 'first', attempt };
    const row = (await pool.query<Row>({ ...READ, values: name })).rows[0];
    // Released between the two statements: claim it again.
    if (!row) continue;
    if (!row.requestHash.equals(request.requestHash)) return { kind: 'mismatch' };
    if (row.leaseSeconds !== null) return { kind: 'running', leaseSeconds: Math.max(row.leaseSeconds, 1) };
    return { kind: 'answered', answer: { status: row.status, headers: row.headers, sealed: row.sealed } };
  }
}
