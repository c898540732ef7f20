import type { AuditVerification } from '@aaas/contract/audit';
import type { Pool } from 'pg';
import { verifyChain } from './chain.ts';
import { readChain, readHead } from './read-chain.ts';

/** Verifies a chain as it lies in the database, up to the head that it has now. */
export async function verifyStored(pool: Pool, chain: string): Promise<AuditVerification> {
  const { lastSeq, ...head } = await readHead(pool, chain);
  const verification = await verifyChain(readChain(pool, chain, 0, head.seq), { head });
  if (!verification.ok || lastSeq === null || lastSeq <= head.seq) return verification;
  return { ...verification, ok: false, broken: { seq: head.seq + 1, reason: 'it lies beyond the end of the chain' } };
}
