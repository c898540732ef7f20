-- When other nodes took the sessions of a node whose lease had ended. Its life is over with that: a heartbeat no longer
-- counts until the node has begun another one.
alter table nodes add column lost_at timestamptz;
