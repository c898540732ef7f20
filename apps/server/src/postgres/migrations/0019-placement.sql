-- What a node has to offer, and since when it takes no more work. drained_at: it has seen that, and owns nothing any more.
alter table nodes
  add column labels jsonb not null default '{}',
  add column draining_since timestamptz,
  add column drained_at timestamptz;

-- placement: what it was given of its own. home_region: of the node that made it, for those that name none.
alter table sessions add column placement jsonb, add column home_region text, add column lane text not null default '';

-- Sessions that ask the same of a node stand in one lane: what they ask, as text. Empty: any node will do; so it is in the
-- head while the session is stopped or deleted, for that any node can carry out.
-- owner '-': no node that runs may have it. It stands in no line until there is one.
alter table session_heads add column lane text not null default '', add column last_node text;
update session_heads h set last_node = s.node_id from sessions s where s.id = h.session_id and s.node_id is not null;

drop index session_heads_line;
create index session_heads_line on session_heads (workspace_id, lane, runnable_at)
  where runnable_at is not null and owner is null;

-- Of its agent's definition, of the session's own, and of the region that it was made in: the first that says something.
create function lane_of(of_agent jsonb, own jsonb, home text) returns text language sql immutable parallel safe as $$
  select case when asked = '{}' then '' else asked::text end
    from (select jsonb_strip_nulls(jsonb_build_object(
                   'labels', nullif(coalesce(nullif(own -> 'labels', 'null'), of_agent -> 'labels'), '{}'),
                   'region', region,
                   'policy', case when region is not null
                                  then coalesce(own ->> 'region_policy', of_agent ->> 'region_policy', 'prefer') end)) as asked
            from (select coalesce(own ->> 'region', of_agent ->> 'region', home) as region) r) a
$$;

-- Whether a node may run what stands in a lane. away: lanes whose own region has had no room for long enough.
create function lane_fits(lane text, labels jsonb, region text, away text[]) returns boolean language sql immutable parallel safe as $$
  select case when lane = '' then true
              else labels @> coalesce(lane::jsonb -> 'labels', '{}')
                   and (lane::jsonb -> 'region' is null or lane::jsonb ->> 'region' is not distinct from region
                        or (lane::jsonb ->> 'policy' = 'prefer' and lane = any (away))) end
$$;
