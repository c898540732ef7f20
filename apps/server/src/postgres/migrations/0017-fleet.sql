-- What the nodes of one fleet share: they sign with it what they say to each other and the tokens of agents, so that any
-- gateway knows the agents of any worker. Made by the first node that starts; sealed with the encryption key that all have.
create table fleet_secrets (
  id           text primary key,
  workspace_id text not null default '',       -- of none: every sealed column has its workspace
  sealed       text not null,
  created_at   timestamptz not null default now()
);
