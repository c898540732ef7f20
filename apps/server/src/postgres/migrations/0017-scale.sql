-- From when on a table that loses its old rows has them all. Readers who need older ones are told.
create table retention_marks (
  what      text primary key,                  -- model_requests
  kept_from timestamptz not null
);
