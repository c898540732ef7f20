alter table api_keys
  add column created_by  text,               -- the key that made it; null: the platform at its start
  add column revoked_by  text,               -- the key that revoked it, or 'bootstrap': replaced by another first key
  add column replaced_by text,               -- the key that a rotation made of it
  add column bootstrap   text check (bootstrap in ('setting', 'file')),   -- where a first key came from
  add column bootstrap_node text;            -- the node that last started with it

create index api_keys_by_workspace on api_keys (workspace_id, id desc);

-- Until now nothing but the start of a server made keys.
update api_keys set bootstrap = 'setting' where name = 'admin' and scopes = '{*}' and workspace_id = 'wrkspc_default';

-- An archived workspace has no active session, also when a request was on its way while it was archived: the lock
-- makes the one wait for the other.
create function refuse_in_archived_workspace() returns trigger language plpgsql as $$
begin
  perform 1 from workspaces where id = new.workspace_id and archived_at is null for share;
  if not found then
    raise exception 'workspace % is archived', new.workspace_id using errcode = 'AW001';
  end if;
  return new;
end $$;
create trigger sessions_of_live_workspaces before insert on sessions
  for each row execute function refuse_in_archived_workspace();
create trigger sessions_start_in_live_workspaces before update of intent on sessions
  for each row when (new.intent = 'active' and old.intent <> 'active') execute function refuse_in_archived_workspace();
