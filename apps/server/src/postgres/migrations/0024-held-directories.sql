-- A node without a store for directories: what lies on its disk is nowhere else.
alter table nodes add column keeps_directories boolean not null default false;

-- While nobody owns the session: the node that has the only copy of its files; empty: nobody has, or it is not to run.
alter table session_heads add column held_by text not null default '';

drop index session_heads_line;
create index session_heads_line on session_heads (workspace_id, lane, held_by, runnable_at)
  where runnable_at is not null and owner is null;

-- The node that has the only copy of a session's files; empty: there are none, or others find them in a store.
create function directory_holder(session text) returns text language sql stable parallel safe as $$
  select coalesce((
    select n.id from sessions s join nodes n on n.id = s.directory_node
     where s.id = session and n.keeps_directories
       and (s.directory_snapshot -> 'archive' ->> 'key' is not null
            or s.directory_unsaved and not (
                 coalesce((s.directory_snapshot ->> 'empty')::boolean, false) and not exists (
                   select 1 from turns t
                    where t.session_id = s.id
                      and coalesce(t.last_seq, t.first_seq) > (s.directory_snapshot ->> 'seq')::bigint)))), '')
$$;

-- Whether a node that has the only copy of a directory lives, takes work and may run what stands in the lane: then the
-- session is for that node alone. lease_ms: milliseconds without a heartbeat after which a node counts as gone.
create function still_holds(holder text, lane text, lease_ms double precision) returns boolean language sql stable parallel safe as $$
  select exists (
    select 1 from nodes n
     where n.id = holder and n.keeps_directories and 'worker' = any (n.roles)
       and n.stopped_at is null and n.lost_at is null and n.draining_since is null
       and n.heartbeat_at >= now() - lease_ms * interval '1 ms' and lane_fits(lane, n.labels, n.region, array[lane]))
$$;
