-- Sessions of an agent beside its main one; versions that a session adopts between two turns; one-shot queries.

alter table sessions
  add column next_version integer,                      -- adopted by the owner at the next boundary of a turn
  add column ephemeral    boolean not null default false, -- of a query: archived by its owner with its answer
  add constraint sessions_next_version_fkey foreign key (agent_id, next_version) references agent_versions (agent_id, version);

-- The agent that answers the queries of one type in one workspace. It has no main session and is not listed.
alter table agents add column hidden boolean not null default false;
create unique index agents_hidden on agents (workspace_id, agent_type) where hidden;

alter table agent_versions add column rolled_back_to integer;  -- the version that this one repeats

-- Ids sort by time in ASCII order, whatever the collation of the database.
create index agents_newest on agents (workspace_id, id collate "C") where archived_at is null and not hidden;
create index sessions_newest on sessions (workspace_id, id collate "C") where not ephemeral;

-- A query outlives its session: with the session's end it takes over the answer.
create table queries (
  id            text primary key,
  workspace_id  text not null references workspaces (id),
  agent_type    text not null,
  session_id    text not null,
  turn_id       text not null,
  created_at    timestamptz not null,
  ended_at      timestamptz,                            -- null: the turn itself says how it stands
  state         text check (state in ('completed', 'failed', 'interrupted')),
  attempts      integer,
  response      text,
  stop_reason   text,
  error         jsonb,
  model         text,
  started_at    timestamptz,
  input_tokens  bigint,
  output_tokens bigint,
  cache_read_input_tokens     bigint,
  cache_creation_input_tokens bigint,
  cost_nanousd  bigint
);
create unique index queries_by_session on queries (session_id);
create index queries_ended on queries (workspace_id, ended_at) where ended_at is not null;
create index queries_newest on queries (workspace_id, id collate "C");
