-- How many requests came in the minute that runs, in the form that rate-limiter-flexible asks for. Shared by all API
-- processes. Unlogged: after a crash of the server everybody begins a new minute, and that is all that is lost.
create unlogged table rate_limit_counters (
  key    varchar(255) primary key,             -- policy:key id, or policy:workspace id
  points integer not null default 0,
  expire bigint                                -- milliseconds since 1970
) with (fillfactor = 50);

-- The first answer to a POST that came with an Idempotency-Key. It belongs to one API key: another cannot ask for it.
create table idempotency_requests (
  workspace_id text not null,
  key_id       text not null,                  -- of the API key
  key_hash     bytea not null,                 -- sha-256 of the Idempotency-Key
  request_hash bytea not null,
  attempt      uuid not null,                  -- who works on it; a write that names another one is refused
  lease_until  timestamptz,                    -- null: it is done
  status       integer,
  headers      jsonb,
  sealed       bytea,                          -- the body, encrypted under what only its caller knows; null: not kept
  expires_at   timestamptz not null,
  primary key (workspace_id, key_id, key_hash)
);
create index idempotency_requests_expiry on idempotency_requests (expires_at);
create index idempotency_requests_attempt on idempotency_requests (attempt) where lease_until is not null;
