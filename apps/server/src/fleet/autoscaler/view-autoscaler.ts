import type { Autoscaler, DesiredNodes, FleetSignals, ScaleReason } from '@aaas/contract/autoscaler';
import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import { scaleRules } from './decide/scale-rules.ts';
import type { NodeSample } from './signals/samples.ts';

interface ScaleRow {
  desired_nodes: number | null;
  changed_at: Date | null;
  reason: ScaleReason | null;
  detail: string | null;
  drain_candidates: string[];
  signals: FleetSignals | null;
  evaluated_at: Date | null;
  leader: string | null;
}

const SCALE = {
  name: 'autoscaler.scale',
  text: `select desired_nodes, changed_at, reason, detail, drain_candidates, signals, evaluated_at,
                case when leader_until > now() then leader end as leader from fleet_scale`,
};

const NODES = {
  name: 'autoscaler.nodes',
  text: `select distinct on (s.node_id) s.node_id as id, s.at, s.sample -> 'standing' as standing
           from scale_samples s join nodes n on n.id = s.node_id
          where s.at > now() - make_interval(secs => $1::double precision) and n.stopped_at is null and n.lost_at is null
            and 'worker' = any (n.roles)
          order by s.node_id, s.id desc`,
};
/** A node that has not looked for longer is not shown. */
const LOOPS_SHOWN = 3;

/** How many worker nodes the fleet should have; null: nobody has looked yet. */
export async function viewDesired(pool: Pool, settings: Settings): Promise<DesiredNodes | null> {
  const row = await readScale(pool);
  return row.desired_nodes === null ? null : { ...shown(row, settings), desired_nodes: row.desired_nodes };
}

/** How auto-scaling stands, without its decisions. */
export async function viewAutoscaler(
  pool: Pool,
  settings: Settings,
): Promise<Omit<Autoscaler, 'data' | 'next_cursor'>> {
  const rules = scaleRules(settings);
  const [row, nodes] = await Promise.all([
    readScale(pool),
    pool.query<{ id: string; at: Date; standing: NodeSample['standing'] }>({
      ...NODES,
      values: [rules.loopSeconds * LOOPS_SHOWN],
    }),
  ]);
  const until = (seconds: number) =>
    row.changed_at && new Date(row.changed_at.getTime() + seconds * 1_000).toISOString();
  return {
    enabled: rules.enabled,
    rules: {
      up_threshold: rules.up,
      down_threshold: rules.down,
      wait_seconds: rules.waitSeconds,
      start_seconds: rules.startSeconds,
      window_seconds: rules.windowSeconds,
      loop_seconds: rules.loopSeconds,
    },
    fleet: {
      ...shown(row, settings),
      detail: row.detail,
      changed_at: row.changed_at?.toISOString() ?? null,
      cooldown: { up_until: until(rules.upCooldownSeconds), down_until: until(rules.downCooldownSeconds) },
      drain_candidates: row.drain_candidates,
      leader: row.leader,
      signals: row.signals,
    },
    nodes: nodes.rows.map(({ id, at, standing }) => ({
      id,
      at: at.toISOString(),
      spares: standing.spares,
      idle_seconds: standing.idle_seconds,
      signals: standing.signals as Autoscaler['nodes'][number]['signals'],
    })),
  };
}

async function readScale(pool: Pool): Promise<ScaleRow> {
  const row = (await pool.query<ScaleRow>(SCALE)).rows[0];
  if (!row) throw new Error('the row of fleet_scale is gone');
  return row;
}

function shown(row: ScaleRow, settings: Settings) {
  return {
    desired_nodes: row.desired_nodes,
    live_nodes: row.signals?.nodes ?? null,
    min_nodes: settings.MIN_NODES,
    max_nodes: settings.MAX_NODES,
    reason: row.reason,
    evaluated_at: row.evaluated_at?.toISOString() ?? null,
  };
}
