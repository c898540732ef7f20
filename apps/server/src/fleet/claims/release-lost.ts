import { newId } from '@aaas/contract/ids';
import type { Pool, PoolClient } from 'pg';
import { transaction } from '../../postgres/transaction.ts';
import { type MovedSession, noteReason } from '../../sessions/lifecycle/note-reason.ts';

export interface Released {
  nodes: string[];
  /** Sessions with open work: whoever has a place takes them. */
  open: string[];
  /** Sessions without: they sleep, and nobody has to start anything for that. */
  asleep: MovedSession[];
}

// What is found of sessions afterwards stays so: whoever changes one takes its head first.
const LOCK = 'select 1 from session_heads where owner = any ($1::text[]) order by session_id for update';

// The new generation shuts out whoever still writes under the old one. What was asked of a session since its owner last
// looked has set runnable_at.
const RELEASE = `
  with rests as materialized (
    select s.id from session_heads h join sessions s on s.id = h.session_id
     where h.owner = any ($1::text[]) and s.intent = 'active' and s.operation is null and s.next_version is null
       and not s.ephemeral and s.sandbox_phase <> 'recovering' and h.waiting = 0
       and (s.turn_status = 'idle' or s.turn_status = 'waiting' and not exists (
              select 1 from approvals a where a.session_id = s.id and a.noted_at is null
                                          and (a.state <> 'open' or a.listed_at is null)))
  )
  update session_heads h
     set owner = null, generation = h.generation + 1, held_by = directory_holder(h.session_id),
         mid_turn = (select s.turn_status = 'running' from sessions s where s.id = h.session_id),
         runnable_at = case when h.runnable_at is null and h.session_id in (select id from rests) then null else now() end
   where h.owner = any ($1::text[])
  returning h.session_id as "sessionId", h.runnable_at is not null as open`;

const WITH_PROCESS = `select id from sessions where id = any ($1::text[]) and sandbox_phase not in ('none', 'failed')`;

/** Takes the sessions away from nodes that do not have them any more, or from earlier lives of this one. */
export async function releaseSessionsOf(pool: Pool, nodeIds: string[]): Promise<Released> {
  return transaction(pool, (db) => release(db, nodeIds));
}

async function release(db: PoolClient, nodes: string[]): Promise<Released> {
  if (nodes.length === 0) return { nodes, open: [], asleep: [] };
  await db.query(LOCK, [nodes]);
  const { rows } = await db.query<{ sessionId: string; open: boolean }>(RELEASE, [nodes]);
  const ids = rows.filter(({ open }) => !open).map(({ sessionId }) => sessionId);
  const left = ids.length === 0 ? [] : (await db.query<{ id: string }>(WITH_PROCESS, [ids])).rows;
  const asleep = await noteReason(
    db,
    left.map(({ id }) => ({ id, eventId: newId('sevt') })),
    { reason: 'node_lost', detail: null, nextAction: null, gone: true },
    new Date(),
  );
  return { nodes, open: rows.filter(({ open }) => open).map(({ sessionId }) => sessionId), asleep };
}

// The row of the node comes first: a heartbeat that is on its way either keeps the lease or finds its life over.
const LOSE = `
  update nodes n set lost_at = now()
   where n.id <> $1 and n.heartbeat_at < now() - $2 * interval '1 ms'
     and exists (select 1 from session_heads h where h.owner = n.id)
  returning n.id`;

/**
 * Takes the sessions of other nodes that have sent no heartbeat for `goneAfterMs`, by the clock of the database, and
 * ends those nodes' lives: one that comes back begins another.
 */
export async function takeFromLostNodes(pool: Pool, nodeId: string, goneAfterMs: number): Promise<Released> {
  return transaction(pool, async (db) => {
    const { rows } = await db.query<{ id: string }>(LOSE, [nodeId, goneAfterMs]);
    return release(
      db,
      rows.map(({ id }) => id),
    );
  });
}
