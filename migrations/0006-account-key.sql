-- The root of each account's keys, sealed by the worker. With its row gone nothing that was sealed
-- for the account opens again, credentials and journal alike, though those rows are append-only.
create table record.account_key (
  account_id uuid primary key references record.account,
  -- The master key that sealed it: how an operator sees what a rotation has left to do.
  key_id text not null,
  envelope bytea not null,
  created_at timestamptz not null default now()
);

grant select, insert on record.account_key to enclave_worker;
