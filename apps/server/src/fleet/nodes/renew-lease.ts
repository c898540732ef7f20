import type { LeaseConnection } from './lease-connection.ts';

/** What became of a lease that was to be renewed. */
export type Renewal =
  | 'renewed'
  /** It had ended, and other nodes have taken the sessions: the life of the node is over. */
  | 'lost'
  /** Another server has registered as this node: this one is over. */
  | 'replaced';

// Both sides update the row of the node: whoever comes first shuts the other out.
const BEAT = `update nodes set heartbeat_at = now(), capacity = $3
  where id = $1 and incarnation = $2 and lost_at is null returning id`;
const REVIVE = `update nodes set incarnation = incarnation + 1, heartbeat_at = now(), started_at = now(), lost_at = null
  where id = $1 and incarnation = $2 returning incarnation`;
const LEAVE = 'update nodes set stopped_at = now() where id = $1 and incarnation = $2';

const END = 'update nodes set lost_at = now() where id = $1 and incarnation = $2';

interface Living {
  id: string;
  incarnation: number;
}

export async function renewLease(connection: LeaseConnection, node: Living, capacity: number): Promise<Renewal> {
  const beaten = await connection.query(BEAT, [node.id, node.incarnation, capacity]);
  if (beaten.length === 1) return 'renewed';
  const rows = await connection.query<{ incarnation: string }>('select incarnation from nodes where id = $1', [
    node.id,
  ]);
  return Number(rows[0]?.incarnation) === node.incarnation ? 'lost' : 'replaced';
}

/** Begins another life after a lost one. @returns its incarnation; null: another server has done so. */
export async function beginNextLife(connection: LeaseConnection, node: Living): Promise<number | null> {
  const rows = await connection.query<{ incarnation: string }>(REVIVE, [node.id, node.incarnation]);
  return rows[0] === undefined ? null : Number(rows[0].incarnation);
}

/** Says in the row that the node has left. */
export async function leaveFleet(connection: LeaseConnection, node: Living): Promise<void> {
  await connection.query(LEAVE, [node.id, node.incarnation]);
}

/** Says in the row that this life is over, as after a crash: who drained the node has not asked for its end. */
export async function endLife(connection: LeaseConnection, node: Living): Promise<void> {
  await connection.query(END, [node.id, node.incarnation]);
}
