import type { ScaleTarget } from '@aaas/contract/autoscaler';
import type { Decision } from './decision.ts';

/** A decision as it is written down. */
export interface Recorded {
  scope: 'fleet' | 'node';
  node_id: string | null;
  target: ScaleTarget;
  action: Decision['action'];
  value_from: number | null;
  value_to: number | null;
  reason: string;
  detail: string | null;
  signal: string | null;
  value: number | null;
  threshold: number | null;
  cooldown_until: string | null;
  drain_candidates: string[];
  signals: unknown;
}

export function toRecord(
  of: Pick<Recorded, 'scope' | 'node_id' | 'target' | 'signals'> & { drain_candidates?: string[] },
  { action, from, to, reason, detail, cause, cooldownUntil }: Decision,
): Recorded {
  return {
    ...{ drain_candidates: [], ...of, action, reason, detail },
    value_from: from,
    value_to: to,
    signal: cause?.signal ?? null,
    value: cause?.value ?? null,
    threshold: cause?.threshold ?? null,
    cooldown_until: cooldownUntil === null ? null : new Date(cooldownUntil).toISOString(),
  };
}

/** A move is always written down, the reason for holding when it is another than before. */
export function isNews(decision: Decision, before: string | null): boolean {
  return decision.action !== 'hold' || decision.reason !== before;
}

/** Inserts records from a JSON array; `$n` is the parameter, `only` what must hold besides. */
export function insertRecords(parameter: string, only = 'true'): string {
  return `
    insert into scale_decisions (scope, node_id, target, action, value_from, value_to, reason, detail, signal, value,
                                 threshold, cooldown_until, drain_candidates, signals)
    select d.scope, d.node_id, d.target, d.action, d.value_from, d.value_to, d.reason, d.detail, d.signal, d.value,
           d.threshold, d.cooldown_until, d.drain_candidates, d.signals
      from jsonb_to_recordset(${parameter}::jsonb) as d (scope text, node_id text, target text, action text,
           value_from double precision, value_to double precision, reason text, detail text, signal text,
           value double precision, threshold double precision, cooldown_until timestamptz, drain_candidates text[],
           signals jsonb)
     where ${only}`;
}
