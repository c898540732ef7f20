-- Tables carry the workspace they belong to: every query of a tenant names it.
-- Keys of the big tables (events, inputs, transcripts, model_requests) are partition-ready: the
-- partitioning column is part of the primary key, so that partitions need no change of a key later.

create table workspaces (
  id          text primary key,
  name        text not null,
  simulated   boolean not null default false,            -- its model traffic always goes to the simulator
  test_of     text unique references workspaces (id),    -- the test side of that workspace: what aaas_test_… keys open
  created_at  timestamptz not null default now(),
  archived_at timestamptz
);

create table api_keys (
  id           text primary key,
  workspace_id text not null references workspaces (id),
  name         text not null,
  hash         bytea not null unique,          -- sha-256 of the whole key; the key itself is never stored
  hint         text not null,                  -- first characters, for people
  scopes       text[] not null,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);

create table nodes (
  id           text primary key,
  incarnation  bigint not null default 1,      -- one more at each start of the same node
  roles        text[] not null,
  address      text,
  version      text not null,
  region       text,
  capacity     integer not null,               -- live sandboxes at most
  pid          integer not null,
  started_at   timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  stopped_at   timestamptz
);

create table environments (
  id           text primary key,
  workspace_id text not null references workspaces (id),
  name         text not null,
  description  text,
  config       jsonb not null,
  metadata     jsonb not null default '{}',
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  archived_at  timestamptz
);
create unique index environments_live_name on environments (workspace_id, name) where archived_at is null;

create table agents (
  id              text primary key,
  workspace_id    text not null references workspaces (id),
  name            text not null,
  agent_type      text not null,
  current_version integer not null default 1,
  main_session_id text,
  metadata        jsonb not null default '{}',
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  archived_at     timestamptz
);
create index agents_by_workspace on agents (workspace_id, id desc) where archived_at is null;

-- A version never changes: sessions pin one.
create table agent_versions (
  agent_id     text not null references agents (id),
  version      integer not null,
  workspace_id text not null references workspaces (id),
  definition   jsonb not null,
  created_at   timestamptz not null default now(),
  primary key (agent_id, version)
);

-- The status that people see is a pure function of three columns with three writers.
-- The same function stands in sessions/lifecycle/status.ts; a test compares the two over every combination.
create function session_status(intent text, turn_status text, sandbox_phase text) returns text
  language sql immutable parallel safe
  return case
    when turn_status = 'terminated' then 'terminated'
    when intent = 'archived' then case when sandbox_phase in ('none', 'failed') then 'terminated' else 'draining' end
    when intent = 'stopped'  then case when sandbox_phase in ('none', 'failed') then 'stopped' else 'draining' end
    when sandbox_phase = 'none'   then case when turn_status = 'idle' then 'hibernated' else 'starting' end
    when sandbox_phase = 'ready'  then case when turn_status = 'idle' then 'idle' else 'running' end
    when sandbox_phase = 'failed' then 'error'
    else sandbox_phase
  end;

create table sessions (
  id                 text primary key,
  workspace_id       text not null references workspaces (id),
  agent_id           text not null references agents (id),
  agent_version      integer not null,
  environment_id     text not null references environments (id),
  number             bigint generated always as identity,   -- names the uid of its sandbox on a node
  harness            text not null,
  harness_session_id uuid not null,                         -- the transcript's own id
  title              text,
  metadata           jsonb not null default '{}',
  intent             text not null default 'active'
                     check (intent in ('active', 'stopped', 'archived')),
  turn_status        text not null default 'idle'
                     check (turn_status in ('idle', 'running', 'rescheduling', 'terminated')),
  sandbox_phase      text not null default 'none'
                     check (sandbox_phase in ('none', 'starting', 'warming', 'ready', 'unhealthy', 'recovering', 'draining', 'failed')),
  status             text not null generated always as (session_status(intent, turn_status, sandbox_phase)) stored,
  status_reason      text not null default 'created',
  status_since       timestamptz not null default now(),
  next_action        text,
  status_detail      text,                                  -- last output lines of a failed start, for people
  operation          text check (operation in ('start', 'restart', 'hibernate')),  -- asked for and not yet done
  pid                integer,
  node_id            text,
  restarts           integer not null default 0,
  failed_starts      integer not null default 0,            -- in a row; 0 again with the first turn that ends
  retry_at           timestamptz,                           -- the next recovery attempt
  messages_count     integer not null default 0,            -- messages answered
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  archived_at        timestamptz,
  purge_after        timestamptz,
  foreign key (agent_id, agent_version) references agent_versions (agent_id, version)
);
create index sessions_by_agent on sessions (agent_id);
create index sessions_by_workspace on sessions (workspace_id, id desc);

-- Narrow and hot: each append updates one row of it and touches no index (HOT).
create table session_heads (
  session_id     text primary key references sessions (id) on delete cascade,
  last_seq       bigint not null default 0,    -- of the log
  last_position  bigint not null default 0,    -- of the inbox
  waiting        integer not null default 0,   -- messages in the inbox
  requested      bigint not null default 0,    -- one more at each input or change of intent; see clear-runnable.ts
  generation     bigint not null default 0,    -- one more at each claim; a write that names an old one is refused
  owner          text,                         -- the node that may write
  runnable_at    timestamptz                   -- not null: the owner, or any node when there is none, has work to do
) with (fillfactor = 50);
create index session_heads_runnable on session_heads (runnable_at) where runnable_at is not null;
create index session_heads_owner on session_heads (owner) where owner is not null;

create table turns (
  id                text primary key,
  session_id        text not null references sessions (id) on delete cascade,
  workspace_id      text not null,
  position          bigint not null,           -- of its input
  input_id          text not null,
  state             text not null default 'queued'
                    check (state in ('queued', 'running', 'completed', 'failed', 'interrupted')),
  attempts          integer not null default 0,
  response          text,
  stop_reason       text,
  error             jsonb,
  model             text,
  first_seq         bigint,
  last_seq          bigint,
  input_tokens      bigint not null default 0,
  output_tokens     bigint not null default 0,
  cache_read_input_tokens bigint not null default 0,
  cache_creation_input_tokens bigint not null default 0,
  cost_nanousd      bigint not null default 0,
  messages_count    integer,                   -- of the session when the turn ended, this one included
  accepted_at       timestamptz not null,
  started_at        timestamptz,
  ended_at          timestamptz
);
create index turns_by_session on turns (session_id, position);
create index turns_open on turns (session_id) where state = 'running';

-- The inbox. A consumed input keeps its row: it is the idempotency record of its message.
create table inputs (
  session_id      text not null references sessions (id) on delete cascade,
  position        bigint not null,
  id              text not null,
  workspace_id    text not null,
  type            text not null,
  payload         text not null,               -- the event as JSON, without processed_at
  turn_id         text,
  idempotency_key text,
  request_hash    text,
  accepted_at     timestamptz not null,
  consumed_seq    bigint,                      -- null while it waits
  primary key (session_id, position)
);
create unique index inputs_idempotency on inputs (session_id, idempotency_key) where idempotency_key is not null;
create index inputs_waiting on inputs (session_id, position) where consumed_seq is null;

-- The log. The payload is text: the platform never queries inside it, and streams it without parsing.
create table events (
  session_id text not null,
  seq        bigint not null,
  id         text not null,
  type       text not null,
  turn_id    text,
  ref        text,                             -- the harness's own id of it; never shown
  at         timestamptz not null,
  payload    text not null,
  primary key (session_id, seq)
);

-- What the harness itself must read to go on: its transcript, opaque to us but for the uuid.
create table transcripts (
  session_id text not null,
  position   bigint generated always as identity,
  subpath    text not null default '',         -- '' is the main conversation
  uuid       text,
  entry      text not null,
  primary key (session_id, position)
);
create unique index transcripts_uuid on transcripts (session_id, subpath, uuid) where uuid is not null;

-- The ledger: one row for each request that reached an upstream, written once.
create table model_requests (
  at                    timestamptz not null default now(),
  id                    text not null,
  workspace_id          text not null,
  agent_id              text not null,
  session_id            text not null,
  turn_id               text,
  generation            bigint not null,
  upstream              text not null,
  model                 text not null,
  status                integer not null,      -- HTTP status sent by the upstream; 0 when it sent none
  stop_reason           text,                  -- null: the answer did not reach its end
  attempts              integer not null,
  input_tokens          bigint not null default 0,
  output_tokens         bigint not null default 0,
  cache_read_input_tokens        bigint not null default 0,
  cache_creation_5m_input_tokens bigint not null default 0,
  cache_creation_1h_input_tokens bigint not null default 0,
  cost_nanousd          bigint not null default 0,   -- 0 for the simulator
  price_version         text,                        -- null: no price is known for the model
  first_byte_ms         integer,
  duration_ms           integer not null,
  primary key (at, id)
);
create index model_requests_by_turn on model_requests (turn_id);
create index model_requests_by_session on model_requests (session_id);
create index model_requests_by_workspace on model_requests (workspace_id, at);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end $$;
create trigger model_requests_append_only before update on model_requests
  for each row execute function refuse_change();
