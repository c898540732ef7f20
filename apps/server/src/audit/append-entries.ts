import type { AuditEntry } from '@aaas/contract/audit';
import type { Pool, PoolClient } from 'pg';
import { sql } from '../postgres/sql.ts';
import { transaction } from '../postgres/transaction.ts';
import { type ChainPoint, GENESIS, hashEntry } from './chain.ts';
import { ENTRY_COLUMNS } from './entry-row.ts';

/** What happened, before it has its place in a chain. Name and hint of the key are looked up when it gets one. */
export type AuditRecord = Omit<AuditEntry, 'seq' | 'prev_hash' | 'hash' | 'key_name' | 'key_hint'>;

const MAKE_HEADS = sql(
  'audit.make-heads',
  `insert into audit_heads (chain, seq, hash) select c, 0, '${GENESIS.hash}' from unnest($1::text[]) c
   on conflict (chain) do nothing`,
);
// In one order: two writers that share chains must not wait for each other.
const LOCK_HEADS = sql(
  'audit.lock-heads',
  'select chain, seq, hash from audit_heads where chain = any($1::text[]) order by chain for update',
);
const KEYS = sql('audit.keys', 'select id, name, hint from api_keys where id = any($1::text[])');
const APPEND = sql(
  'audit.append',
  `with heads as (
     update audit_heads h set seq = n.seq, hash = n.hash
       from jsonb_to_recordset($2::jsonb) as n (chain text, seq bigint, hash text) where h.chain = n.chain
   )
   insert into audit_entries (${ENTRY_COLUMNS})
   select ${ENTRY_COLUMNS} from jsonb_to_recordset($1::jsonb) as e (
     chain text, seq bigint, at timestamptz, request_id text, client_request_id text, operation text, method text,
     path text, resource_id text, key_id text, key_name text, key_hint text, client_address text, user_agent text,
     status integer, outcome text, error_code text, fields text[], prev_hash text, hash text)`,
);

interface Key {
  name: string;
  hint: string;
}

/** Adds records to the ends of their chains, in their order: all or none. */
export async function appendEntries(pool: Pool, records: AuditRecord[]): Promise<void> {
  const chains = [...new Set(records.map((record) => record.chain))];
  const keyIds = [...new Set(records.flatMap((record) => record.key_id ?? []))];
  await transaction(pool, async (db) => {
    const keys = await findKeys(db, keyIds);
    const heads = await lockHeads(db, chains);
    const entries = records.map((record) => {
      const last = heads.get(record.chain) as ChainPoint;
      const key = record.key_id === null ? undefined : keys.get(record.key_id);
      const entry = {
        ...record,
        key_name: key?.name ?? null,
        key_hint: key?.hint ?? null,
        seq: last.seq + 1,
        prev_hash: last.hash,
      };
      const hash = hashEntry(entry);
      heads.set(record.chain, { seq: entry.seq, hash });
      return { ...entry, hash };
    });
    const ends = [...heads].map(([chain, point]) => ({ chain, ...point }));
    await db.query({ ...APPEND, values: [JSON.stringify(entries), JSON.stringify(ends)] });
  });
}

async function findKeys(db: PoolClient, ids: string[]): Promise<Map<string, Key>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<Key & { id: string }>({ ...KEYS, values: [ids] });
  return new Map(rows.map(({ id, ...key }) => [id, key]));
}

async function lockHeads(db: PoolClient, chains: string[]): Promise<Map<string, ChainPoint>> {
  for (;;) {
    const { rows } = await db.query<ChainPoint & { chain: string }>({ ...LOCK_HEADS, values: [chains] });
    if (rows.length === chains.length) return new Map(rows.map(({ chain, ...point }) => [chain, point]));
    await db.query({ ...MAKE_HEADS, values: [chains] });
  }
}
