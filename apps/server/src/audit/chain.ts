import { createHash } from 'node:crypto';
import type { AuditEntry, AuditVerification } from '@aaas/contract/audit';
import canonicalize from 'canonicalize';

/** Where a chain ends, or where a part of it begins. */
export interface ChainPoint {
  seq: number;
  hash: string;
}

/** Before the first entry. */
export const GENESIS: ChainPoint = { seq: 0, hash: '0'.repeat(64) };

/** The hash of an entry: it covers every field, the hash of the entry before among them. */
export function hashEntry(entry: Omit<AuditEntry, 'hash'>): string {
  return createHash('sha256')
    .update(canonicalize(entry) as string)
    .digest('hex');
}

/**
 * Walks a chain and says whether every entry follows from the one before it. Needs nothing but the entries.
 * `after`: where they begin, when not at the first. `head`: where they must end; without it a chain that was cut short
 * looks whole, so compare `head_hash` with one that was noted before.
 */
export async function verifyChain(
  entries: Iterable<AuditEntry> | AsyncIterable<AuditEntry>,
  { after = GENESIS, head }: { after?: ChainPoint; head?: ChainPoint } = {},
): Promise<AuditVerification> {
  let last = after;
  let count = 0;
  const verdict = (broken: AuditVerification['broken']): AuditVerification => ({
    ok: broken === null,
    entries: count,
    head_seq: last.seq,
    head_hash: last.hash,
    broken,
  });
  for await (const entry of entries) {
    const reason = faultOf(entry, last);
    if (reason) return verdict({ seq: last.seq + 1, reason });
    last = { seq: entry.seq, hash: entry.hash };
    count += 1;
  }
  if (head && head.seq > last.seq) {
    return verdict({ seq: last.seq + 1, reason: `it is missing, and so is all up to ${head.seq}` });
  }
  if (head && head.hash !== last.hash) return verdict({ seq: last.seq, reason: 'it is not where the chain ended' });
  return verdict(null);
}

function faultOf({ hash, ...entry }: AuditEntry, last: ChainPoint): string | null {
  if (entry.seq !== last.seq + 1) return `it is missing: ${entry.seq} follows`;
  if (entry.prev_hash !== last.hash) return 'it does not name the hash of the entry before it';
  return hashEntry(entry) === hash ? null : 'its content is not what was hashed';
}
