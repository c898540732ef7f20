import type { Pool } from 'pg';
import type { Outcome } from './post-delivery.ts';
import type { TakenDelivery } from './take-deliveries.ts';

/** What becomes of a delivery after an attempt. */
export type Verdict =
  | { state: 'delivered' }
  | { state: 'pending'; delayMs: number }
  /** `gone`: the receiver wants nothing any more. */
  | { state: 'dead'; gone: boolean };

// The webhook's own row is written only when its health changes, or it would be the hottest of all.
const RECORD = {
  name: 'webhooks.record-attempt',
  text: `
    with ended as materialized (
      select webhook_job_done($2, $12) as mine
    ), done as (
      update webhook_deliveries d
         set state = $3, attempts = d.attempts + 1, tries = d.tries + 1, claimed_by = null,
             next_attempt_at = case when $3 = 'pending' then now() + make_interval(secs => $4::double precision / 1000) end,
             ended_at = case when $3 <> 'pending' then now() end,
             job_id = case when $3 = 'pending'
                           then webhook_job(d.id, now() + make_interval(secs => $4::double precision / 1000), -1) end
        from ended
       where ended.mine and d.id = $1 and d.job_id = $2
      returning d.webhook_id, d.workspace_id, d.attempts
    ), attempt as (
      insert into webhook_attempts (delivery_id, number, workspace_id, at, duration_ms, status, error, response)
      select $1, done.attempts, done.workspace_id, $5, $6, $7, $8, $9 from done
    ), healthy as (
      update webhooks w set failing_since = null, last_success_at = now()
        from done
       where w.id = done.webhook_id and $3 = 'delivered'
         and (w.failing_since is not null or w.last_success_at is null or w.last_success_at < now() - interval '30 seconds')
    ), failing as (
      select w.id, coalesce(w.failing_since, $5) as since,
             case when $10 then 'gone'
                  when $11 > 0 and w.failing_since < now() - make_interval(days => $11) then 'failing' end as reason
        from webhooks w, done
       where w.id = done.webhook_id and w.enabled and $3 <> 'delivered'
    ), noted as (
      update webhooks w
         set failing_since = failing.since, enabled = failing.reason is null, disabled_reason = failing.reason,
             disabled_at = case when failing.reason is not null then now() end
        from failing
       where w.id = failing.id and w.enabled and (w.failing_since is null or failing.reason is not null)
      returning w.disabled_reason
    )
    select (select noted.disabled_reason from noted) as "disabled" from done`,
};

/**
 * Records one attempt and what follows from it, in one statement; another attempt is a new job.
 * @returns null when its job has expired and the attempt is another's to record; else why the webhook is off now, if it is.
 */
export async function recordAttempt(
  pool: Pool,
  delivery: TakenDelivery,
  outcome: Outcome,
  verdict: Verdict,
  disableAfterDays: number,
): Promise<{ disabled: string | null } | null> {
  const { rows } = await pool.query<{ disabled: string | null }>({
    ...RECORD,
    values: [
      delivery.id,
      delivery.job.id,
      verdict.state,
      verdict.state === 'pending' ? verdict.delayMs : 0,
      outcome.at,
      Math.round(outcome.durationMs),
      outcome.status,
      outcome.error,
      outcome.response,
      verdict.state === 'dead' && verdict.gone,
      disableAfterDays,
      delivery.job.retryCount,
    ],
  });
  return rows[0] ?? null;
}
