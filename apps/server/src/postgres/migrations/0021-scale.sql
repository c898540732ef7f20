-- From when on a table that loses its old rows has them all. Readers who need older ones are told.
create table retention_marks (
  what      text primary key,                  -- model_requests
  kept_from timestamptz not null
);

-- Few sessions of many: those with a process, and those that somebody has stopped. Neither column changes with a turn.
create index sessions_live on sessions (workspace_id, id collate "C") where sandbox_phase <> 'none';
create index sessions_stopped on sessions (workspace_id, id collate "C") where intent = 'stopped';

-- Rows go from here by their age: a fifth of a long table, the default, is too much to wait for.
alter table events set (autovacuum_vacuum_scale_factor = 0.02);
alter table model_requests set (autovacuum_vacuum_scale_factor = 0.02);
