-- What an MCP server of an agent wants to be shown: headers or variables, as one sealed JSON object. The versions of
-- the agent's definition name its row.
create table agent_credentials (
  id           text primary key,
  workspace_id text not null references workspaces (id),
  agent_id     text not null references agents (id),
  sealed       text not null,
  created_at   timestamptz not null default now()
);
create index agent_credentials_by_agent on agent_credentials (agent_id);
