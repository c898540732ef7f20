import type { AuditEntry } from '@aaas/contract/audit';

/** A row of audit_entries, with its columns under the names that they have in an entry. */
export type AuditRow = Omit<AuditEntry, 'at'> & { at: Date };

export const ENTRY_COLUMNS =
  'chain, seq, at, request_id, client_request_id, operation, method, path, resource_id, key_id, key_name, key_hint, client_address, user_agent, status, outcome, error_code, fields, prev_hash, hash';

/** The entry as it was hashed: to the character. */
export function toEntry(row: AuditRow): AuditEntry {
  return { ...row, at: row.at.toISOString() };
}
