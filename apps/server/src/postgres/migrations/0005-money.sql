-- Whom usage is for: the key that sent the message of the turn. Rows of before have none.
alter table inputs add column key_id text;
alter table turns add column key_id text;
alter table model_requests add column key_id text;

-- From now on each insert into the ledger adds to the usage of its turn; turns that run have had none so far.
update turns t
   set input_tokens = r.input_tokens, output_tokens = r.output_tokens,
       cache_read_input_tokens = r.cache_read_input_tokens, cache_creation_input_tokens = r.cache_creation_input_tokens,
       cost_nanousd = r.cost_nanousd
  from (select turn_id, sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens,
               sum(cache_read_input_tokens) as cache_read_input_tokens,
               sum(cache_creation_5m_input_tokens + cache_creation_1h_input_tokens) as cache_creation_input_tokens,
               sum(cost_nanousd) as cost_nanousd
          from model_requests where turn_id in (select id from turns where state = 'running')
         group by turn_id) r
 where r.turn_id = t.id;

-- What agents, workspaces and sessions have spent: counters that each insert into the ledger moves, in one statement
-- with it. One row each; a workspace has several, so that its requests do not queue for one row's lock. A counter of a
-- period begins again when the first request of a later one is written; days and months are UTC.
create table spend (
  scope_id      text not null,                 -- of a workspace, an agent or a session
  shard         smallint not null,
  workspace_id  text not null,
  total_nanousd bigint not null,
  total_tokens  bigint not null,
  month         date not null,                 -- its first day
  month_nanousd bigint not null,
  month_tokens  bigint not null,
  day           date not null,
  day_nanousd   bigint not null,
  day_tokens    bigint not null,
  turn_id       text,                          -- the latest turn, by its position
  turn_position bigint,
  turn_nanousd  bigint not null,
  turn_tokens   bigint not null,
  primary key (scope_id, shard)
) with (fillfactor = 50);

insert into spend
select scope_id, 0, min(workspace_id), sum(cost_nanousd), sum(tokens),
       date_trunc('month', today)::date, coalesce(sum(cost_nanousd) filter (where day >= date_trunc('month', today)), 0),
       coalesce(sum(tokens) filter (where day >= date_trunc('month', today)), 0),
       today, coalesce(sum(cost_nanousd) filter (where day = today), 0),
       coalesce(sum(tokens) filter (where day = today), 0), null, null, 0, 0
  from (select workspace_id, agent_id, session_id, cost_nanousd, (at at time zone 'UTC')::date as day,
               (now() at time zone 'UTC')::date as today,
               input_tokens + output_tokens + cache_read_input_tokens + cache_creation_5m_input_tokens
                 + cache_creation_1h_input_tokens as tokens
          from model_requests) r
 cross join lateral unnest(array[workspace_id, agent_id, session_id]) as scope_id
 group by scope_id, today;

-- The ledger by days (UTC), for reports over many requests; moved by each insert into the ledger, like spend.
create table usage_days (
  workspace_id      text not null,
  day               date not null,
  agent_id          text not null,
  model             text not null,
  upstream          text not null,
  key_id            text not null,             -- '' where the ledger has none
  requests          bigint not null,
  unpriced_requests bigint not null,
  input_tokens      bigint not null,
  output_tokens     bigint not null,
  cache_read_input_tokens        bigint not null,
  cache_creation_5m_input_tokens bigint not null,
  cache_creation_1h_input_tokens bigint not null,
  cost_nanousd      bigint not null,
  primary key (workspace_id, day, agent_id, model, upstream, key_id)
) with (fillfactor = 70);

insert into usage_days
select workspace_id, (at at time zone 'UTC')::date, agent_id, model, upstream, '', count(*),
       count(*) filter (where price_version is null), sum(input_tokens), sum(output_tokens),
       sum(cache_read_input_tokens), sum(cache_creation_5m_input_tokens), sum(cache_creation_1h_input_tokens),
       sum(cost_nanousd)
  from model_requests group by 1, 2, 3, 4, 5;

-- The limits of a workspace: its own, and the ceiling that the operator of the platform has set. Both hold.
-- Keys of `limits` are those of the API: per_day_usd, per_month_tokens, total_usd and so on.
create table budgets (
  workspace_id text not null references workspaces (id),
  set_by       text not null check (set_by in ('workspace', 'platform')),
  limits       jsonb not null,
  updated_at   timestamptz not null default now(),
  updated_by   text,                           -- the key
  primary key (workspace_id, set_by)
);

-- The limits of an agent, beside its definition, which may be large.
alter table agent_versions add column budget jsonb generated always as (definition -> 'budget') stored;

-- What a model request that runs may cost, until it is in the ledger. Unlogged: it is worth nothing after a crash of
-- the database, and its commits wait for no disk.
create unlogged table budget_reservations (
  id           text primary key,
  workspace_id text not null,
  agent_id     text not null,
  session_id   text not null,
  nanousd      bigint not null,
  tokens       bigint not null,
  expires_at   timestamptz not null            -- moved on while its process lives
);
create index budget_reservations_by_workspace on budget_reservations (workspace_id);

-- Which warnings were given: each once.
create table budget_warnings (
  scope_id     text not null,
  span         text not null,                  -- turn, day, month or total
  unit         text not null,                  -- usd or tokens
  period       text not null,                  -- the turn, the day, the month
  bound        bigint not null,                -- another limit is another budget
  threshold    smallint not null,              -- percent
  workspace_id text not null,
  primary key (scope_id, span, unit, period, bound, threshold)
);

-- What other parts of the platform want in the log of a session; its owner moves it there.
create table notices (
  session_id   text not null references sessions (id) on delete cascade,
  id           text not null,                  -- of the event
  workspace_id text not null,
  turn_id      text,
  type         text not null,
  payload      text not null,                  -- the event as JSON, without processed_at
  at           timestamptz not null,
  logged_seq   bigint,                         -- null while it waits
  primary key (session_id, id)
);
create index notices_waiting on notices (session_id) where logged_seq is null;

-- Every limit that holds for a session, with what was spent of it. `bound` and `spent` are in nano-USD or tokens.
create function budget_lines(the_workspace text, the_agent text, the_session text, the_turn text, moment timestamptz)
  returns table (scope text, scope_id text, set_by text, span text, unit text, period text, bound bigint, spent bigint)
  language sql stable as $$
  with limits as (
    select 'workspace' as scope, b.workspace_id as scope_id, b.set_by, l.key, l.value
      from budgets b cross join jsonb_each_text(b.limits) l
     where b.workspace_id = the_workspace
    union all
    select case when l.key like 'per\_turn\_%' then 'turn' else 'agent' end,
           case when l.key like 'per\_turn\_%' then the_session else a.id end, 'agent', l.key, l.value
      from agents a
      join agent_versions v on v.agent_id = a.id and v.version = a.current_version
     cross join jsonb_each_text(case jsonb_typeof(v.budget) when 'object' then v.budget else '{}' end) l
     where a.id = the_agent and a.workspace_id = the_workspace
  ), named as (
    select l.*, case when l.key like 'total\_%' then 'total' else split_part(l.key, '_', 2) end as span,
           case when l.key like '%\_usd' then 'usd' else 'tokens' end as unit,
           (moment at time zone 'UTC')::date as today
      from limits l
     where l.key ~ '^(per_(turn|day|month)|total)_(usd|tokens)$' and l.value is not null
  )
  select n.scope, n.scope_id, n.set_by, n.span, n.unit,
         case n.span when 'turn' then coalesce(the_turn, '') when 'day' then n.today::text
                     when 'month' then to_char(n.today, 'YYYY-MM') else 'total' end,
         case n.unit when 'usd' then round(n.value::numeric * 1e9)::bigint else round(n.value::numeric)::bigint end,
         coalesce((select sum(case n.unit when 'usd' then
                                case n.span when 'total' then s.total_nanousd
                                            when 'month' then case when s.month = date_trunc('month', n.today)::date then s.month_nanousd end
                                            when 'day' then case when s.day = n.today then s.day_nanousd end
                                            else case when s.turn_id = the_turn then s.turn_nanousd end end
                              else
                                case n.span when 'total' then s.total_tokens
                                            when 'month' then case when s.month = date_trunc('month', n.today)::date then s.month_tokens end
                                            when 'day' then case when s.day = n.today then s.day_tokens end
                                            else case when s.turn_id = the_turn then s.turn_tokens end end
                              end)
                     from spend s where s.scope_id = n.scope_id), 0)::bigint
    from named n
$$;

-- Decides on one model request, and reserves what it may cost. Requests of a workspace are decided on one after another;
-- each statement in here sees what was committed before it, which one statement alone would not.
-- No row: nothing limits it. Else `verdict` is admitted, or another with the limit that says so. wait: what already
-- runs may use up the rest. unpriced: its cost is not known (null), and the limit is in USD.
create function admit_model_request(
    the_id text, the_workspace text, the_agent text, the_session text,
    the_nanousd bigint, the_tokens bigint, expiry_seconds integer, moment timestamptz)
  returns table (verdict text, turn_id text, scope text, scope_id text, set_by text, span text, unit text, period text,
                 bound bigint, spent bigint)
  language plpgsql as $$
#variable_conflict use_column
declare
  the_turn text;
begin
  -- The second number is the workspace's; the first a space of its own: 'budg' in ASCII.
  perform pg_advisory_xact_lock(1651860583, hashtext(the_workspace));
  select t.id into the_turn from turns t
   where t.session_id = the_session and t.state = 'running' order by t.position desc limit 1;
  select case when l.spent >= l.bound then 'refused' when l.unit = 'usd' and the_nanousd is null then 'unpriced'
              when l.held > 0 and l.spent + l.held >= l.bound then 'wait'
              else 'admitted' end, the_turn, l.scope, l.scope_id, l.set_by, l.span, l.unit, l.period, l.bound, l.spent
    into verdict, turn_id, scope, scope_id, set_by, span, unit, period, bound, spent
    from (select b.*, (select coalesce(sum(case b.unit when 'usd' then r.nanousd else r.tokens end), 0)
                         from budget_reservations r
                        where r.workspace_id = the_workspace and r.id <> the_id and r.expires_at > now()
                          and (b.scope = 'workspace' or r.agent_id = the_agent)
                          and (b.span <> 'turn' or r.session_id = the_session)) as held
            from budget_lines(the_workspace, the_agent, the_session, the_turn, moment) b) l
   order by case when l.spent >= l.bound then 1 when l.unit = 'usd' and the_nanousd is null then 2
                 when l.held > 0 and l.spent + l.held >= l.bound then 3 else 4 end
   limit 1;
  if not found then
    return;
  end if;
  if verdict = 'admitted' then
    insert into budget_reservations values (the_id, the_workspace, the_agent, the_session,
      coalesce(the_nanousd, 0), the_tokens, now() + expiry_seconds * interval '1 second')
    on conflict (id) do nothing;
  end if;
  return next;
end $$;
