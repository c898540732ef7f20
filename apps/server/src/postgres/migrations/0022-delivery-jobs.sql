-- A delivery is driven by a job of pg-boss, in the queue webhooks.deliver: made in the transaction that makes the delivery due,
-- it says when the next attempt is and who makes it. The row is the record, and names the one job that may
-- send it: a job that no row names is dropped when its turn comes. A pending row without a job is held: its webhook is off or
-- has more waiting than its share, or the queue was not there yet. Held ones get their job from a node that has room.
alter table webhook_deliveries add column job_id uuid, drop column claims;
drop index webhook_deliveries_due;
create index webhook_deliveries_sent on webhook_deliveries (webhook_id, next_attempt_at)
  where next_attempt_at is not null and job_id is not null;
create index webhook_deliveries_held on webhook_deliveries (webhook_id, next_attempt_at)
  where next_attempt_at is not null and job_id is null;

-- Whether pg-boss has been started in this database. Two statements: one that names a table that is not there cannot be planned.
create function webhook_queue_is_up() returns boolean language plpgsql stable as $$
begin
  if to_regclass('pgboss.queue') is null then
    return false;
  end if;
  return exists (select 1 from pgboss.queue q where q.name = 'webhooks.deliver');
end $$;

-- Jobs for deliveries, under these ids. `lane` is their priority: 0 for what is new, -1 for another attempt, so that what waits
-- for hours is not in the way. No notification: it would serialise the commits of the whole database. The columns are
-- those that pg-boss documents for jobs that are made in SQL. Planned once: a plan for these very arrays looks better each time.
create function webhook_jobs(deliveries text[], jobs uuid[], due timestamptz, lane integer) returns void language plpgsql
  set plan_cache_mode = force_generic_plan as $$
begin
  insert into pgboss.job (id, name, data, priority, start_after, keep_until, retry_limit, retry_delay, retry_backoff,
                          expire_seconds, deletion_seconds, policy)
  select job, q.name, jsonb_build_object('delivery', delivery), lane, due, due + make_interval(secs => q.retention_seconds),
         q.retry_limit, q.retry_delay, q.retry_backoff, q.expire_seconds, q.deletion_seconds, q.policy
    from pgboss.queue q, unnest(deliveries, jobs) d (delivery, job) where q.name = 'webhooks.deliver';
end $$;

-- One job. Null when there is no queue: the delivery is held.
create function webhook_job(delivery text, due timestamptz, lane integer) returns uuid language plpgsql as $$
declare
  job uuid := gen_random_uuid();
begin
  if not webhook_queue_is_up() then
    return null;
  end if;
  perform webhook_jobs(array[delivery], array[job], due, lane);
  return job;
end $$;

-- Removes a job that was taken. False when it is no longer under that attempt: it has expired, and is another's.
create function webhook_job_done(job uuid, attempt integer) returns boolean language plpgsql as $$
begin
  delete from pgboss.job j
   where j.name = 'webhooks.deliver' and j.id = job and j.state = 'active' and j.retry_count = attempt;
  return found;
end $$;

-- As before, and with a job for each; a webhook that has as many waiting as belong in the queue has the next ones held. Only the
-- last ten seconds are looked at, or each event would pay for the entries that vacuum has not removed yet from the indexes.
create or replace function emit_webhook_event(workspace text, event_type text, agent text, data json, with_response json default null)
  returns void language plpgsql set plan_cache_mode = force_generic_plan as $$
declare
  moment constant timestamptz := clock_timestamp();
  since constant timestamptz := moment - interval '10 seconds';
  many constant integer := 50;
  sent text[];
  jobs uuid[];
begin
  with wanting as materialized (
    select w.id as webhook, webhook_delivery_id(moment) as id, nextval('webhook_delivery_seq') as seq,
           case when w.include_response and with_response is not null then with_response else data end as data,
           case when (select d.id from webhook_deliveries d
                       where d.webhook_id = w.id and d.job_id is null and d.next_attempt_at between since and moment
                       limit 1) is null
                 and (select d.id from webhook_deliveries d
                       where d.webhook_id = w.id and d.job_id is not null and d.next_attempt_at between since and moment
                      offset many - 1 limit 1) is null
                then gen_random_uuid() end as job
      from webhooks w
     where w.workspace_id = workspace and w.enabled and webhook_wants(w.events, event_type)
       and (w.agent_ids is null or agent is null or agent = any (w.agent_ids))
  ), up as materialized (
    select webhook_queue_is_up() as yes from wanting limit 1
  ), made as (
    insert into webhook_deliveries (id, seq, webhook_id, workspace_id, type, body, next_attempt_at, created_at, job_id)
    select wanting.id, wanting.seq, wanting.webhook, workspace, event_type,
           json_build_object('id', wanting.id, 'seq', wanting.seq, 'type', event_type, 'timestamp', webhook_time(moment),
                             'data', wanting.data)::text,
           moment, moment, case when up.yes then wanting.job end
      from wanting, up
    returning id, job_id
  )
  select array_agg(made.id), array_agg(made.job_id) into sent, jobs from made where made.job_id is not null;
  if sent is not null then
    perform webhook_jobs(sent, jobs, moment, 0);
  end if;
end $$;
