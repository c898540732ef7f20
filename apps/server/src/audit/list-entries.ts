import type { AuditEntry, AuditOutcome } from '@aaas/contract/audit';
import type { Pool } from 'pg';
import { type AuditRow, ENTRY_COLUMNS, toEntry } from './entry-row.ts';

export interface AuditFilter {
  operation?: string | undefined;
  keyId?: string | undefined;
  resource?: string | undefined;
  outcome?: AuditOutcome | undefined;
  since?: string | undefined;
  until?: string | undefined;
  /** Entries older than this place. */
  before?: number | undefined;
  limit: number;
}

// Not a prepared statement: which index serves it depends on the filters that are given.
const LIST = `select ${ENTRY_COLUMNS} from audit_entries
    where chain = $1 and ($2::bigint is null or seq < $2)
      and ($3::text is null or operation = $3) and ($4::text is null or key_id = $4)
      and ($5::text is null or resource_id = $5) and ($6::text is null or outcome = $6)
      and ($7::timestamptz is null or at >= $7) and ($8::timestamptz is null or at < $8)
    order by seq desc limit $9`;

/** Entries of one chain, newest first. */
export async function listEntries(pool: Pool, chain: string, filter: AuditFilter): Promise<AuditEntry[]> {
  const { before, operation, keyId, resource, outcome, since, until, limit } = filter;
  const values = [chain, before, operation, keyId, resource, outcome, since, until, limit].map(
    (value) => value ?? null,
  );
  const { rows } = await pool.query<AuditRow>(LIST, values);
  return rows.map(toEntry);
}
