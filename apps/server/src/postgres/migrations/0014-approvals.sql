-- A turn may wait for a person: it stays open while nothing runs, and its session is idle or asleep meanwhile.
alter table sessions drop constraint sessions_turn_status_check;
alter table sessions add constraint sessions_turn_status_check
  check (turn_status in ('idle', 'running', 'waiting', 'rescheduling', 'terminated'));

-- The same function stands in sessions/lifecycle/status.ts; a test compares the two over every combination.
create or replace function session_status(intent text, turn_status text, sandbox_phase text) returns text
  language sql immutable parallel safe
  return case
    when turn_status = 'terminated' then 'terminated'
    when intent = 'archived' then case when sandbox_phase in ('none', 'failed') then 'terminated' else 'draining' end
    when intent = 'stopped'  then case when sandbox_phase in ('none', 'failed') then 'stopped' else 'draining' end
    when sandbox_phase = 'none'   then case when turn_status in ('idle', 'waiting') then 'hibernated' else 'starting' end
    when sandbox_phase = 'ready'  then case when turn_status in ('idle', 'waiting') then 'idle' else 'running' end
    when sandbox_phase = 'failed' then 'error'
    else sandbox_phase
  end;

alter table turns
  add column waited_ms     bigint not null default 0,   -- for people; AGENT_TIMEOUT does not count it
  add column waiting_since timestamptz;

-- An approval is the open ask itself. What becomes of it is written here by whoever answers, and taken into the log by
-- the owner of the session. An allowed one is a grant for its turn, its tool and its input, and is spent once.
create table approvals (
  id              text primary key,             -- of the event in which the agent calls the tool
  workspace_id    text not null,
  agent_id        text not null,
  session_id      text not null references sessions (id) on delete cascade,
  turn_id         text not null,
  ref             text not null,                -- the harness's own id of the call
  tool            text not null,                -- as the model calls it
  input           text not null,                -- JSON
  input_hash      text not null,                -- of the input in canonical form
  state           text not null default 'open' check (state in ('open', 'allowed', 'denied', 'expired', 'cancelled')),
  message         text,                         -- what the agent is told
  decided_by      text,                         -- an API key
  confirmation_id text,                         -- of the event that says how it was decided
  requested_at    timestamptz not null,
  expires_at      timestamptz not null,
  decided_at      timestamptz,
  listed_at       timestamptz,                  -- the log says that its session waits for it
  noted_at        timestamptz,                  -- the owner has seen its end
  used_at         timestamptz,                  -- the grant is spent: the tool may have run
  used_ref        text,                         -- the harness's own id of the call that spent it
  check ((state = 'open') = (decided_at is null))
);
create index approvals_newest on approvals (workspace_id, id collate "C");
create index approvals_unnoted on approvals (session_id) where noted_at is null;
create index approvals_by_turn on approvals (turn_id);
create index approvals_due on approvals (expires_at) where state = 'open';

create function webhook_approval_changed() returns trigger language plpgsql as $$
declare
  kept constant integer := 16000;
begin
  if webhook_is_wanted(new.workspace_id) then
    perform emit_webhook_event(new.workspace_id, tg_argv[0], new.agent_id, json_build_object(
      'approval_id', new.id, 'agent_id', new.agent_id, 'session_id', new.session_id, 'turn_id', new.turn_id,
      'tool', new.tool, 'input', case when length(new.input) <= kept then new.input::json end,
      'input_truncated', length(new.input) > kept, 'status', new.state, 'message', new.message,
      'decided_by', new.decided_by, 'requested_at', webhook_time(new.requested_at),
      'expires_at', webhook_time(new.expires_at), 'decided_at', webhook_time(new.decided_at),
      'endpoint', '/api/v1/approvals/' || new.id));
  end if;
  return null;
end $$;
create trigger webhook_approval_requested after insert on approvals
  for each row execute function webhook_approval_changed('approval.requested');
create trigger webhook_approval_resolved after update on approvals
  for each row when (old.state = 'open' and new.state <> 'open')
  execute function webhook_approval_changed('approval.resolved');
