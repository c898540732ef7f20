-- Values of an agent's variables lie sealed in agent_credentials, and its versions name the row. Versions of before
-- hold them in plain; the server seals those at its start, and finds them here.
create index agent_versions_plain_env on agent_versions (agent_id, version) where definition -> 'env' <> '{}';
