-- A session's directory is a copy on one node's disk, and other nodes may keep copies of earlier times. `directory_copy`
-- names the one that counts; it is also in a file beside the directory, so that no other copy is ever taken for it.
alter table sessions
  add column directory_node    text,                            -- on whose disk it lies
  add column directory_copy    text,
  add column directory_unsaved boolean not null default false,  -- it may hold more than what was last put into the store
  add column directory_notes   jsonb;                           -- moves of which the model may not have been told yet
update sessions set directory_node = node_id, directory_unsaved = true where node_id is not null;
create index sessions_directory_unsaved on sessions (directory_node) where directory_unsaved;

-- Whatever lies in the store of directories, from before it is written until it is removed there.
create table directory_archives (
  key          text primary key,
  location     text not null,                  -- the store, as in DIRECTORY_STORE
  workspace_id text not null,
  session_id   text not null,                  -- the row outlives its session
  state        text not null default 'writing' check (state in ('writing', 'kept', 'doomed')),
  created_at   timestamptz not null default now()
);
create index directory_archives_by_session on directory_archives (session_id);
create index directory_archives_to_remove on directory_archives (created_at) where state <> 'kept';
