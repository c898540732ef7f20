-- What each node saw of its load, and what the fleet's leader made of all, once a loop.
create table scale_samples (
  id      bigint generated always as identity primary key,
  at      timestamptz not null default now(),
  node_id text,                                -- null: of the whole fleet
  sample  jsonb not null
);
create index scale_samples_at on scale_samples (at);
create index scale_samples_fleet on scale_samples (at) where node_id is null;

-- One row: how many worker nodes the fleet should have, and who decides. The leader's term is short and renewed each loop;
-- every decision is written by whoever holds it.
create table fleet_scale (
  id               boolean primary key default true check (id),
  desired_nodes    integer,                    -- null: nobody has looked yet
  changed_at       timestamptz,                -- when it moved last
  direction        text check (direction in ('up', 'down')),
  reason           text,                       -- of the last decision, also when it held
  detail           text,
  drain_candidates text[] not null default '{}',
  signals          jsonb,                      -- what the last decision saw
  evaluated_at     timestamptz,
  leader           text,
  leader_until     timestamptz
);
insert into fleet_scale default values;

-- Every move, and every change of the reason why there is none.
create table scale_decisions (
  id               bigint generated always as identity primary key,
  at               timestamptz not null default now(),
  scope            text not null check (scope in ('fleet', 'node')),
  node_id          text,
  target           text not null check (target in ('nodes', 'spares', 'idle_seconds')),
  action           text not null check (action in ('up', 'down', 'hold')),
  value_from       double precision,
  value_to         double precision,
  reason           text not null,
  detail           text,
  signal           text,
  value            double precision,
  threshold        double precision,
  cooldown_until   timestamptz,
  drain_candidates text[] not null default '{}',
  signals          jsonb
);
create index scale_decisions_scope on scale_decisions (scope, id desc);
create index scale_decisions_at on scale_decisions (at);
