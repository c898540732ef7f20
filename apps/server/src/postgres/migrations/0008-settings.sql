-- Settings that were changed while the platform runs. They stand above what a node was started with.
create table settings (
  name       text primary key,
  value      text not null,                   -- as it would stand in the environment
  updated_at timestamptz not null,
  updated_by text not null                    -- id of the key that asked for it
);
