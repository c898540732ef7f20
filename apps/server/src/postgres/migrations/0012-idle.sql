-- Sessions that wait for a place stand in a line of their workspace, and the workspaces take turns.
alter table session_heads add column workspace_id text;
update session_heads h set workspace_id = s.workspace_id from sessions s where s.id = h.session_id;
alter table session_heads alter column workspace_id set not null;
create index session_heads_line on session_heads (workspace_id, runnable_at)
  where runnable_at is not null and owner is null;

-- What the working directory held when the session went to sleep: id, seq, taken_at, files, bytes, complete, digest.
alter table sessions add column directory_snapshot jsonb;

-- How a node is, by itself: moved with a beat of its own.
alter table nodes add column load jsonb, add column load_at timestamptz;
