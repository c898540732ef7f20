-- Keys that secrets in this database are sealed with: each has left a proof that only it opens.
create table encryption_keys (
  id         text primary key,
  proof      text not null,
  created_at timestamptz not null default now()
);

create table webhooks (
  id                    text primary key,
  workspace_id          text not null references workspaces (id),
  url                   text not null,
  description           text,
  events                text[] not null,               -- names, groups such as turn.*, or *
  agent_ids             text[],                        -- null: of every agent
  include_response      boolean not null default false,
  secret                text not null,                 -- sealed
  previous_secret       text,                          -- sealed; signs beside the other one until
  previous_secret_until timestamptz,
  enabled               boolean not null default true,
  disabled_reason       text check (disabled_reason in ('request', 'gone', 'failing', 'backlog')),
  disabled_at           timestamptz,
  failing_since         timestamptz,                   -- the first failure after the last success
  last_success_at       timestamptz,                   -- to half a minute
  created_at            timestamptz not null default now(),
  updated_at            timestamptz not null default now(),
  check (enabled = (disabled_reason is null))
);
create index webhooks_by_workspace on webhooks (workspace_id, id desc);

-- The outbox and the queue in one: a row is written by the transaction that makes its event true, and a node claims it
-- by moving next_attempt_at to the end of its claim. No foreign key to webhooks: what writes the log must not wait for
-- one that is being deleted.
create table webhook_deliveries (
  id              text primary key,                    -- sorts by time; the receiver's webhook-id
  seq             bigint not null,
  webhook_id      text not null,
  workspace_id    text not null,
  type            text not null,
  body            text not null,                       -- sent as it stands, each time
  state           text not null default 'pending' check (state in ('pending', 'delivered', 'dead')),
  attempts        integer not null default 0,
  tries           integer not null default 0,          -- attempts since it was made or replayed
  claims          integer not null default 0,          -- an attempt that names an old one is not recorded
  claimed_by      text,                                -- a node
  next_attempt_at timestamptz,                         -- null: none is to come
  created_at      timestamptz not null,
  ended_at        timestamptz,
  check ((state = 'pending') = (next_attempt_at is not null))
);
create sequence webhook_delivery_seq as bigint owned by webhook_deliveries.seq;
create index webhook_deliveries_due on webhook_deliveries (webhook_id, next_attempt_at) where next_attempt_at is not null;
create index webhook_deliveries_by_webhook on webhook_deliveries (webhook_id, id desc);
create index webhook_deliveries_dead on webhook_deliveries (webhook_id, id desc) where state = 'dead';
create index webhook_deliveries_claimed on webhook_deliveries (claimed_by) where claimed_by is not null;

create table webhook_attempts (
  delivery_id  text not null references webhook_deliveries (id) on delete cascade,
  number       integer not null,
  workspace_id text not null,
  at           timestamptz not null,
  duration_ms  integer not null,
  status       integer,                                -- null: no answer
  error        text,
  response     text,                                   -- its beginning
  primary key (delivery_id, number)
);

-- Not above any delivery that was made at that moment or later.
create function webhook_delivery_floor(at timestamptz) returns text language sql stable
  return 'whd_' || lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0');

create function webhook_delivery_id(at timestamptz) returns text language sql volatile
  return webhook_delivery_floor(at) || right(replace(gen_random_uuid()::text, '-', ''), 20);

create function webhook_time(at timestamptz) returns text language sql stable
  return to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

create function webhook_wants(subscribed text[], event_type text) returns boolean language sql immutable
  return event_type = any (subscribed) or '*' = any (subscribed) or split_part(event_type, '.', 1) || '.*' = any (subscribed);

-- An event of a workspace leaves, in the transaction that calls this, to every webhook that wants it. `with_response`
-- is the data for those that asked for answers too. agent null: the event is of no agent.
create function emit_webhook_event(workspace text, event_type text, agent text, data json, with_response json default null)
  returns void language plpgsql as $$
declare
  moment timestamptz := clock_timestamp();
begin
  with wanting as materialized (
    select w.id as webhook, webhook_delivery_id(moment) as id, nextval('webhook_delivery_seq') as seq,
           case when w.include_response and with_response is not null then with_response else data end as data
      from webhooks w
     where w.workspace_id = workspace and w.enabled and webhook_wants(w.events, event_type)
       and (w.agent_ids is null or agent is null or agent = any (w.agent_ids))
  )
  insert into webhook_deliveries (id, seq, webhook_id, workspace_id, type, body, next_attempt_at, created_at)
  select wanting.id, wanting.seq, wanting.webhook, workspace, event_type,
         json_build_object('id', wanting.id, 'seq', wanting.seq, 'type', event_type, 'timestamp', webhook_time(moment),
                           'data', wanting.data)::text,
         moment, moment
    from wanting;
end $$;

create function webhook_is_wanted(workspace text) returns boolean language sql stable
  return exists (select 1 from webhooks w where w.workspace_id = workspace and w.enabled);

-- The triggers below are of single rows, each with a condition that is decided without calling a function: an append of
-- anything else pays nothing. They build on columns, and on the text of events that the platform alone writes: nothing that
-- a tenant or a model says can make them fail, and the append with them.

create function webhook_agent_changed() returns trigger language plpgsql as $$
begin
  if webhook_is_wanted(new.workspace_id) then
    perform emit_webhook_event(new.workspace_id, tg_argv[0], new.id, json_build_object(
      'agent_id', new.id, 'session_id', new.main_session_id, 'name', new.name, 'agent_type', new.agent_type,
      'version', new.current_version, 'endpoint', '/api/v1/agents/' || new.id));
  end if;
  return null;
end $$;
create trigger webhook_agent_created after insert on agents
  for each row execute function webhook_agent_changed('agent.created');
create trigger webhook_agent_updated after update on agents
  for each row when (new.archived_at is null and (old.current_version, old.name, old.metadata)
                     is distinct from (new.current_version, new.name, new.metadata))
  execute function webhook_agent_changed('agent.updated');
create trigger webhook_agent_deleted after update on agents
  for each row when (old.archived_at is null and new.archived_at is not null)
  execute function webhook_agent_changed('agent.deleted');

-- Of the session that a deployed agent talks in; of other sessions the log's own events tell.
create function webhook_status_changed() returns trigger language plpgsql as $$
declare
  data json;
begin
  if not webhook_is_wanted(new.workspace_id)
     or not exists (select 1 from agents a where a.id = new.agent_id and a.main_session_id = new.id) then
    return null;
  end if;
  data := json_build_object(
    'agent_id', new.agent_id, 'session_id', new.id, 'from', case tg_op when 'INSERT' then 'stopped' else old.status end,
    'to', new.status, 'reason', new.status_reason, 'detail', new.status_detail, 'next_action', new.next_action,
    'log_seq', (select h.last_seq from session_heads h where h.session_id = new.id),
    'endpoint', '/api/v1/agents/' || new.agent_id);
  perform emit_webhook_event(new.workspace_id, 'agent.status_changed', new.agent_id, data);
  if new.status = 'error' then
    perform emit_webhook_event(new.workspace_id, 'agent.error', new.agent_id, data);
  end if;
  return null;
end $$;
create trigger webhook_status_begins after insert on sessions
  for each row when (new.status <> 'stopped') execute function webhook_status_changed();
create trigger webhook_status_changes after update on sessions
  for each row when (old.status is distinct from new.status) execute function webhook_status_changed();

create function webhook_turn_ended() returns trigger language plpgsql as $$
declare
  session record;
  kept constant integer := 16000;
  facts text;
begin
  if not webhook_is_wanted(new.workspace_id) then
    return null;
  end if;
  select s.agent_id, a.main_session_id = s.id as is_main into session
    from sessions s join agents a on a.id = s.agent_id where s.id = new.session_id;
  facts := json_build_object(
    'agent_id', session.agent_id, 'session_id', new.session_id, 'turn_id', new.id, 'state', new.state,
    'stop_reason', new.stop_reason, 'error', new.error, 'model', new.model, 'attempts', new.attempts,
    'usage', json_build_object(
      'input_tokens', new.input_tokens, 'output_tokens', new.output_tokens,
      'cache_read_input_tokens', new.cache_read_input_tokens,
      'cache_creation_input_tokens', new.cache_creation_input_tokens),
    'cost_usd', new.cost_nanousd / 1e9, 'messages_count', new.messages_count,
    'accepted_at', webhook_time(new.accepted_at), 'started_at', webhook_time(new.started_at),
    'ended_at', webhook_time(new.ended_at), 'log_seq', new.last_seq,
    'endpoint', case when session.is_main then '/api/v1/agents/' || session.agent_id || '/turns/' || new.id end)::text;
  perform emit_webhook_event(new.workspace_id, 'turn.' || new.state, session.agent_id, facts::json, (left(facts, -1)
    || ', "response" : ' || coalesce(to_json(left(new.response, kept))::text, 'null')
    || ', "response_truncated" : ' || to_json(coalesce(length(new.response) > kept, false)) || '}')::json);
  return null;
end $$;
create trigger webhook_turn_ended after update on turns
  for each row when (old.state is distinct from new.state and new.state in ('completed', 'failed', 'interrupted'))
  execute function webhook_turn_ended();

create function webhook_session_event() returns trigger language plpgsql as $$
declare
  session record;
begin
  if not exists (select 1 from webhooks w where w.enabled) then
    return null;
  end if;
  select s.workspace_id, s.agent_id into session from sessions s where s.id = new.session_id;
  if webhook_is_wanted(session.workspace_id) then
    perform emit_webhook_event(session.workspace_id, new.type, session.agent_id, json_build_object(
      'agent_id', session.agent_id, 'session_id', new.session_id, 'turn_id', new.turn_id, 'log_seq', new.seq,
      'event', new.payload::json));
  end if;
  return null;
end $$;
create trigger webhook_session_event after insert on events
  for each row when (new.type in ('session.status_running', 'session.status_idle', 'session.status_rescheduled',
                                  'session.status_terminated', 'session.error'))
  execute function webhook_session_event();

-- The others of the workspace are told; the one that is off receives nothing.
create function webhook_disabled() returns trigger language plpgsql as $$
begin
  perform emit_webhook_event(new.workspace_id, 'webhook.disabled', null, json_build_object(
    'webhook_id', new.id, 'description', new.description, 'reason', new.disabled_reason,
    'failing_since', webhook_time(new.failing_since), 'endpoint', '/api/v1/webhooks/' || new.id));
  return null;
end $$;
create trigger webhook_disabled after update on webhooks
  for each row when (old.enabled and not new.enabled and new.disabled_reason <> 'request')
  execute function webhook_disabled();
