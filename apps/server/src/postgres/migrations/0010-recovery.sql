-- When processes of the session were lost, as far as it counts against its restart policy: within the window, since the
-- last completed turn. Takes the place of a number that knew no time.
alter table sessions add column losses timestamptz[] not null default '{}';
alter table sessions drop column failed_starts;

-- The newest figures of a process tree. Not worth a log: they are measured again.
create unlogged table sandbox_samples (
  session_id   text primary key references sessions (id) on delete cascade,
  pid          integer not null,                        -- of the process that it is of
  at           timestamptz not null,
  memory_bytes bigint not null,
  cpu_seconds  double precision not null,               -- since the process was started
  cpu_percent  double precision not null,               -- of one core, since the sample before
  processes    integer not null
);
