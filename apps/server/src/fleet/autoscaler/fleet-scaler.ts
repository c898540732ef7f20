import type { FleetSignals } from '@aaas/contract/autoscaler';
import type { Settings } from '@aaas/contract/settings';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { ScaleMetrics } from '../../telemetry/scale-metrics.ts';
import { decideFleet } from './decide/decide-fleet.ts';
import type { Decision } from './decide/decision.ts';
import { insertRecords, isNews, type Recorded, toRecord } from './decide/record-decision.ts';
import { scaleRules } from './decide/scale-rules.ts';
import { type FleetScale, leaveTerm, takeTerm } from './fleet-term.ts';
import { fleetSignals } from './signals/fleet-signals.ts';
import { readFleet } from './signals/read-fleet.ts';
import { type FleetSample, inWindow, missingSamples, type Taken } from './signals/samples.ts';

/** Beyond the loops of a term: what the leader’s look itself takes. */
const TERM_SLACK_SECONDS = 5;

const WINDOW = {
  name: 'autoscaler.window',
  text: `select extract(epoch from at)::float8 * 1000 as at, sample from scale_samples
          where node_id is null and at > now() - make_interval(secs => $1::double precision) order by id`,
};

// Only within the term: what somebody decides who has lost it never counts.
const WRITE = {
  name: 'autoscaler.write-fleet',
  text: `
    with mine as (
      update fleet_scale
         set desired_nodes = $2, reason = $3, detail = $4, signals = $5, evaluated_at = now(),
             changed_at = case when $6::text is null then changed_at else now() end,
             direction = coalesce($6, direction),
             drain_candidates = case when $6::text is null then drain_candidates else $7::text[] end
       where leader = $1 and leader_until > now()
      returning id
    ), taken as (
      insert into scale_samples (sample) select $8 from mine
    ), recorded as (${insertRecords('$9', 'exists (select from mine)')})
    select id from mine`,
};

export interface FleetScalerOptions {
  pool: Pool;
  nodeId: string;
  settings: Settings;
  metrics: ScaleMetrics;
  log: Logger;
}

/** Decides how many worker nodes the fleet should have: on one node at a time, on all of them in the end. */
export class FleetScaler {
  readonly #options: FleetScalerOptions;

  constructor(options: FleetScalerOptions) {
    this.#options = options;
  }

  async look(): Promise<void> {
    const { pool, nodeId, settings, metrics } = this.#options;
    const leaseTtlSeconds = settings.LEASE_TTL;
    const termSeconds = 2 * settings.SCALE_LOOP_SECONDS + TERM_SLACK_SECONDS;
    const scale = await takeTerm(pool, nodeId, { termSeconds, leaseTtlSeconds });
    const desired = scale.leads ? await this.#decide(scale) : scale.desired;
    metrics.fleetDesired(desired);
    if (!scale.leads) metrics.fleetSignals(null);
  }

  async close(): Promise<void> {
    await leaveTerm(this.#options.pool, this.#options.nodeId);
  }

  async #decide(scale: FleetScale): Promise<number | null> {
    const { pool, settings, metrics } = this.#options;
    const rules = scaleRules(settings);
    const { sample, dispensable } = await readFleet(pool, {
      leaseTtlSeconds: settings.LEASE_TTL,
      loopSeconds: rules.loopSeconds,
    });
    const now = scale.now.getTime();
    const before = (await pool.query<Taken<FleetSample>>({ ...WINDOW, values: [rules.windowSeconds] })).rows;
    const window = inWindow([...before, { at: now, sample }], now, rules.windowSeconds);
    const signals = fleetSignals(window);
    const bounds = { min: settings.MIN_NODES, max: settings.MAX_NODES };
    const decision = decideFleet({
      ...{ signals, latest: sample, rules, bounds, now },
      missing: missingSamples(window.length, rules),
      state: {
        desired: scale.desired ?? Math.min(bounds.max, Math.max(bounds.min, sample.nodes)),
        last: scale.changedAt && { at: scale.changedAt.getTime() },
      },
    });
    const candidates =
      decision.action === 'down' ? dispensable.slice(0, Math.max(0, sample.nodes - (decision.to ?? 0))) : [];
    const written = await this.#write(
      scale,
      decision,
      signals,
      sample,
      candidates.map(({ id }) => id),
    );
    if (!written) return scale.desired;
    metrics.fleetSignals(signals);
    return decision.to;
  }

  /** @returns false when the term has ended meanwhile. */
  async #write(
    scale: FleetScale,
    decision: Decision,
    signals: FleetSignals,
    sample: FleetSample,
    drain_candidates: string[],
  ): Promise<boolean> {
    const { pool, nodeId, metrics, log } = this.#options;
    const news = isNews(decision, scale.reason);
    const record = toRecord({ scope: 'fleet', node_id: null, target: 'nodes', signals, drain_candidates }, decision);
    const records: Recorded[] = news ? [record] : [];
    const direction = decision.action === 'hold' ? null : decision.action;
    const { to, reason, detail } = decision;
    const told = [JSON.stringify(signals), direction, drain_candidates, JSON.stringify(sample)];
    const values = [nodeId, to, reason, detail, ...told, JSON.stringify(records)];
    const written = (await pool.query({ ...WRITE, values })).rowCount === 1;
    if (written && news) {
      metrics.scaleDecided('fleet', 'nodes', decision.action);
      if (direction) log.info({ ...record, signals: undefined }, 'the fleet should have another number of nodes');
    }
    return written;
  }
}
