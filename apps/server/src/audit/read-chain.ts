import type { AuditEntry } from '@aaas/contract/audit';
import type { Pool } from 'pg';
import { sql } from '../postgres/sql.ts';
import { type ChainPoint, GENESIS } from './chain.ts';
import { type AuditRow, ENTRY_COLUMNS, toEntry } from './entry-row.ts';

const PAGE = 500;

// One statement, one snapshot: the head and the last entry belong together.
const HEAD = sql(
  'audit.head',
  `select seq, hash, (select max(e.seq) from audit_entries e where e.chain = $1) as "lastSeq"
     from (select seq, hash from audit_heads where chain = $1
           union all select ${GENESIS.seq}, '${GENESIS.hash}' order by seq desc limit 1) head`,
);
const READ = sql(
  'audit.read',
  `select ${ENTRY_COLUMNS} from audit_entries where chain = $1 and seq > $2 and seq <= $3 order by seq limit ${PAGE}`,
);

/** Where a chain ends now, and its last entry: beyond the head lies what the platform has not written. */
export async function readHead(pool: Pool, chain: string): Promise<ChainPoint & { lastSeq: number | null }> {
  const { rows } = await pool.query<ChainPoint & { lastSeq: number | null }>({ ...HEAD, values: [chain] });
  return rows[0] as ChainPoint & { lastSeq: number | null };
}

/** The entries after `after` in their order, read as they are asked for. */
export async function* readChain(pool: Pool, chain: string, after = 0, upTo = Number.MAX_SAFE_INTEGER) {
  let last = after;
  for (;;) {
    const { rows } = await pool.query<AuditRow>({ ...READ, values: [chain, last, upTo] });
    for (const row of rows) yield toEntry(row) satisfies AuditEntry;
    if (rows.length < PAGE) return;
    last = rows.at(-1)?.seq ?? last;
  }
}
