-- Names this platform among those that share a Redis with it.
create table platform_identity (
  only boolean primary key default true check (only),
  id   text not null
);
insert into platform_identity (id) values (replace(gen_random_uuid()::text, '-', ''));
