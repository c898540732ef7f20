-- What was done, by whom. One chain for each workspace and one, 'platform', for what names no workspace: each entry
-- holds the hash of the one before it, and the head says where the chain ends.
create table audit_entries (
  chain             text not null,             -- a workspace's id, or 'platform'
  seq               bigint not null,           -- 1, 2, 3 … without a gap
  at                timestamptz(3) not null,   -- hashed to the millisecond
  request_id        text not null,
  client_request_id text,
  operation         text not null,
  method            text not null,
  path              text not null,
  resource_id       text,
  key_id            text,
  key_name          text,
  key_hint          text,
  client_address    text,
  user_agent        text,
  status            integer not null,
  outcome           text not null check (outcome in ('success', 'denied', 'failed', 'replayed')),
  error_code        text,
  fields            text[] not null,
  prev_hash         text not null,
  hash              text not null,
  primary key (chain, seq)
);
create index audit_entries_at on audit_entries (chain, at);
create index audit_entries_operation on audit_entries (chain, operation, seq);
create index audit_entries_key on audit_entries (chain, key_id, seq) where key_id is not null;
create index audit_entries_resource on audit_entries (chain, resource_id, seq) where resource_id is not null;

create trigger audit_entries_append_only before update or delete on audit_entries
  for each row execute function refuse_change();
create trigger audit_entries_no_truncate before truncate on audit_entries
  for each statement execute function refuse_change();

-- Its row is locked while entries are added: a chain has one end.
create table audit_heads (
  chain text primary key,
  seq   bigint not null,
  hash  text not null
);
create trigger audit_heads_kept before delete on audit_heads
  for each row execute function refuse_change();
create trigger audit_heads_no_truncate before truncate on audit_heads
  for each statement execute function refuse_change();
