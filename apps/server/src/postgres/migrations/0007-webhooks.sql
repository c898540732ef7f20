-- Keys that secrets in this database are sealed with: each has left a proof that only it opens.
create table encryption_keys (
  id         text primary key,
  proof      text not null,
  created_at timestamptz not null default now()
);
