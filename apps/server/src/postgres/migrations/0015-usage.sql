-- What the ledger holds of a session, summed: a counter that each insert into the ledger moves, in one statement with
-- it. A session with a million requests is asked for its usage as quickly as one with three.
create table session_usage (
  session_id                      text primary key,
  input_tokens                    bigint not null,
  output_tokens                   bigint not null,
  cache_read_input_tokens         bigint not null,
  cache_creation_5m_input_tokens  bigint not null,
  cache_creation_1h_input_tokens  bigint not null,
  cost_nanousd                    bigint not null
) with (fillfactor = 50);

insert into session_usage
select session_id, sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens),
       sum(cache_creation_5m_input_tokens), sum(cache_creation_1h_input_tokens), sum(cost_nanousd)
  from model_requests where session_id in (select id from sessions)
 group by session_id;

-- In the words of the Managed Agents API: events of the log are made of it where they are written.
create function managed_usage(the_session text) returns json language sql stable as $$
  select json_build_object(
    'input_tokens', coalesce(sum(u.input_tokens), 0), 'output_tokens', coalesce(sum(u.output_tokens), 0),
    'cache_read_input_tokens', coalesce(sum(u.cache_read_input_tokens), 0),
    'cache_creation', json_build_object(
      'ephemeral_5m_input_tokens', coalesce(sum(u.cache_creation_5m_input_tokens), 0),
      'ephemeral_1h_input_tokens', coalesce(sum(u.cache_creation_1h_input_tokens), 0)),
    'list_cost', json_build_object('amount', round(coalesce(sum(u.cost_nanousd), 0) / 1e7)::text, 'currency', 'USD'))
    from session_usage u where u.session_id = the_session
$$;

-- Output that was passed on before its client left the answer, and that the upstream has not counted: at least so many
-- tokens. In the cost and in what budgets have spent; output_tokens is what the upstream said, to the token.
alter table model_requests add column uncounted_output_tokens integer not null default 0;
