import type { Pool } from 'pg';
import type { FleetSample, NodeSample } from './samples.ts';

/** A worker node that can best be done without comes before the others. */
export interface Dispensable {
  id: string;
  working: number;
  held: number;
}

/** A sample older than so many loops is no news. */
const LOOPS_KNOWN = 2.5;
/** The line is counted no further. */
const LINE_MAX = 100_000;

// All nodes are asked for what comes in, live workers that take work for how they are: one that drains has left already.
const READ = {
  name: 'autoscaler.read-fleet',
  text: `
    with live as (
      select n.id, n.capacity, n.started_at from nodes n
       where 'worker' = any (n.roles) and n.stopped_at is null and n.lost_at is null and n.draining_since is null
         and n.heartbeat_at >= now() - make_interval(secs => $1::double precision)
    ), latest as (
      select distinct on (s.node_id) s.node_id, s.sample - 'standing' as sample from scale_samples s
       where s.node_id is not null and s.at > now() - make_interval(secs => $2::double precision)
       order by s.node_id, s.id desc
    ), line as (
      -- no node that is added helps those that wait for the files of one
      select coalesce(sum(waiting.count), 0)::int as waiting, min(waiting.oldest) as oldest
        from (select lane, held_by, count(*) as count, min(runnable_at) as oldest
                from (select lane, held_by, runnable_at from session_heads where runnable_at is not null and owner is null
                       limit ${LINE_MAX}) counted
               group by lane, held_by) waiting
       where waiting.held_by = '' or not still_holds(waiting.held_by, waiting.lane, $1 * 1000)
    )
    select (select coalesce(json_agg(json_build_object('id', live.id, 'capacity', live.capacity, 'sample', latest.sample)
                     order by live.started_at), '[]') from live left join latest on latest.node_id = live.id) as workers,
           (select coalesce(json_agg(latest.sample), '[]') from latest) as samples,
           line.waiting, coalesce(greatest(0, extract(epoch from now() - line.oldest)), 0)::float8 as "oldestWaitSeconds"
      from line`,
};

interface FleetRow {
  workers: { id: string; capacity: number; sample: Omit<NodeSample, 'standing'> | null }[];
  samples: Omit<NodeSample, 'standing'>[];
  waiting: number;
  oldestWaitSeconds: number;
}

/** How the whole fleet is, from what its nodes have said last and from the line of those that wait. */
export async function readFleet(
  pool: Pool,
  within: { leaseTtlSeconds: number; loopSeconds: number },
): Promise<{ sample: FleetSample; dispensable: Dispensable[] }> {
  const values = [within.leaseTtlSeconds, within.loopSeconds * LOOPS_KNOWN];
  const row = (await pool.query<FleetRow>({ ...READ, values })).rows[0];
  if (!row) throw new Error('the fleet has no answer');
  const workers = row.workers.map(({ id, capacity, sample }) => ({ id, capacity, load: sample?.worker ?? null }));
  const sum = (of: (load: NonNullable<NodeSample['worker']>) => number) =>
    workers.reduce((total, { load }) => total + (load ? of(load) : 0), 0);
  const total = (of: (sample: Omit<NodeSample, 'standing'>) => number) =>
    row.samples.reduce((sumOf, sample) => sumOf + of(sample), 0);
  const sample: FleetSample = {
    nodes: workers.length,
    silent: workers.filter(({ load }) => load === null).length,
    places: workers.reduce((places, { capacity }) => places + capacity, 0),
    held: sum(({ held }) => held),
    working: sum(({ held, idle }) => held - idle),
    waiting: row.waiting,
    oldest_wait_seconds: row.oldestWaitSeconds,
    arrivals_per_minute: total(({ arrivals, seconds }) => (seconds > 0 ? (arrivals * 60) / seconds : 0)),
    memory_used: sum((load) => load.memory_used),
    memory_total: sum((load) => load.memory_total),
    starts_ms: row.samples.flatMap(({ starts_ms }) => starts_ms),
    starts_waiting: total(({ starts_waiting }) => starts_waiting),
  };
  const dispensable = workers.map(({ id, load }) => {
    const held = load?.held ?? 0;
    return { id, held, working: held - (load?.idle ?? 0) };
  });
  // Sorting keeps the order of equals: the one that has run longest goes first.
  dispensable.sort((a, b) => a.working - b.working || a.held - b.held);
  return { sample, dispensable };
}
