-- While nobody owns the session: a turn of it has begun. It goes on before those that wait begin one.
alter table session_heads add column mid_turn boolean not null default false;

drop index session_heads_line;
create index session_heads_line on session_heads (workspace_id, lane, held_by, mid_turn desc, runnable_at)
  where runnable_at is not null and owner is null;
