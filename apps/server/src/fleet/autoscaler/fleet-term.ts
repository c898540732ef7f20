import type { Pool } from 'pg';

/** The fleet’s row, as it is for whoever asks. */
export interface FleetScale {
  /** This node decides for the fleet until its term ends. */
  leads: boolean;
  desired: number | null;
  changedAt: Date | null;
  reason: string | null;
  /** By the clock of the database. */
  now: Date;
}

// Whoever leads goes on; another one takes over when the term has ended, or its node has.
const TAKE = {
  name: 'autoscaler.take-term',
  text: `
    with took as (
      update fleet_scale set leader = $1, leader_until = now() + make_interval(secs => $2::double precision)
       where leader is null or leader = $1 or leader_until < now() or not exists (
         select from nodes n where n.id = leader and n.stopped_at is null
            and n.heartbeat_at >= now() - make_interval(secs => $3::double precision))
      returning desired_nodes, changed_at, reason
    )
    select true as leads, desired_nodes as desired, changed_at as "changedAt", reason, now() as now from took
    union all
    select false, desired_nodes, changed_at, reason, now() from fleet_scale where not exists (select from took)`,
};

const LEAVE = 'update fleet_scale set leader = null, leader_until = null where leader = $1';

/** Takes or renews the term in which this node decides for the fleet, and says how things stand. */
export async function takeTerm(
  pool: Pool,
  nodeId: string,
  { termSeconds, leaseTtlSeconds }: { termSeconds: number; leaseTtlSeconds: number },
): Promise<FleetScale> {
  const { rows } = await pool.query<FleetScale>({ ...TAKE, values: [nodeId, termSeconds, leaseTtlSeconds] });
  if (!rows[0]) throw new Error('the row of fleet_scale is gone');
  return rows[0];
}

/** Another node may decide at once. */
export async function leaveTerm(pool: Pool, nodeId: string): Promise<void> {
  await pool.query(LEAVE, [nodeId]);
}
