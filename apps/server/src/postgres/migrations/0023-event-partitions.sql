-- The log in hash partitions by session: its key stays what it was, a session lies whole in one of them, and its readers and its
-- writer meet that one. From the start, for later a log of billions would have to be copied while nobody writes.
--
-- Sixteen: at a billion events each has some sixty million and a key of a few gigabytes, which one worker of vacuum passes
-- in minutes; and a statement that cannot say which one it means still looks at few. A power of two: each can be split into
-- two by itself (modulus 32, remainders n and n + 16) while the others stay as they are.
--
-- Nobody reads or writes the log from here to the commit.
lock table events in access exclusive mode;
alter table events rename to events_undivided;
alter table events_undivided rename constraint events_pkey to events_undivided_pkey;

create table events (
  session_id text not null,
  seq        bigint not null,
  id         text not null,
  type       text not null,
  turn_id    text,
  ref        text,                             -- the harness's own id of it; never shown
  at         timestamptz not null,
  payload    text not null
) partition by hash (session_id);

do $$
declare
  partitions constant integer := 16;
  copied bigint;
  found bigint;
  given record;
begin
  -- A partitioned table has no storage of its own, so what was set for vacuum is set for each partition.
  for n in 0 .. partitions - 1 loop
    execute format('create table events_%s partition of events for values with (modulus %s, remainder %s)
                      with (autovacuum_vacuum_scale_factor = 0.02)', to_char(n, 'FM00'), partitions, n);
  end loop;

  insert into events (session_id, seq, id, type, turn_id, ref, at, payload)
  select session_id, seq, id, type, turn_id, ref, at, payload from events_undivided;
  get diagnostics copied = row_count;
  select count(*) into found from events_undivided;
  if copied <> found then
    raise exception '% of % events were copied', copied, found;
  end if;

  -- Once the rows are there: a key that is built of sorted rows takes a part of the time and of the write-ahead log.
  alter table events add primary key (session_id, seq);
  select count(*) into found from events;
  if copied <> found then
    raise exception '% of % copied events are found', found, copied;
  end if;

  -- What an operator has granted, to those who look at the log from outside.
  for given in
    select acl.grantee, acl.privilege_type, acl.is_grantable
      from pg_class c, aclexplode(c.relacl) acl where c.oid = 'events_undivided'::regclass and acl.grantee <> c.relowner
  loop
    execute format('grant %s on events to %s%s', given.privilege_type,
                   case when given.grantee = 0 then 'public' else given.grantee::regrole::text end,
                   case when given.is_grantable then ' with grant option' else '' end);
  end loop;

  -- Autovacuum analyzes partitions, and never the whole. An empty one is better not known as empty: plans would be made for that.
  if copied > 0 then
    analyze events;
  end if;
end $$;

-- Now, and not before the rows: nobody is told again of what has long happened. What others have built on the table fails here,
-- and the migration with it.
drop table events_undivided;
create trigger webhook_session_event after insert on events
  for each row when (new.type in ('session.status_running', 'session.status_idle', 'session.status_rescheduled',
                                  'session.status_terminated', 'session.error'))
  execute function webhook_session_event();
