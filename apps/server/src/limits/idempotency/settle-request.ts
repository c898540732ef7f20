import type { Pool } from 'pg';
import { sql } from '../../postgres/sql.ts';
import { LEASE_SECONDS, type StoredAnswer } from './claim-request.ts';

const STORE = sql(
  'idempotency.store',
  `update idempotency_requests set lease_until = null, status = $2, headers = $3, sealed = $4
    where attempt = $1 and lease_until is not null`,
);
const RELEASE = sql(
  'idempotency.release',
  'delete from idempotency_requests where attempt = $1 and lease_until is not null',
);
const RENEW = sql(
  'idempotency.renew',
  `update idempotency_requests set lease_until = now() + make_interval(secs => ${LEASE_SECONDS})
    where attempt = any($1::uuid[]) and lease_until is not null`,
);

/** Keeps the answer: whoever asks again gets it. Nothing happens when the lease has passed to another attempt. */
export async function storeAnswer(pool: Pool, attempt: string, answer: StoredAnswer): Promise<void> {
  await pool.query({ ...STORE, values: [attempt, answer.status, JSON.stringify(answer.headers), answer.sealed] });
}

/** Forgets the request: whoever asks again is the first. */
export async function releaseRequest(pool: Pool, attempt: string): Promise<void> {
  await pool.query({ ...RELEASE, values: [attempt] });
}

/** Says that the requests are still being handled. */
export async function renewLeases(pool: Pool, attempts: string[]): Promise<void> {
  await pool.query({ ...RENEW, values: [attempts] });
}
