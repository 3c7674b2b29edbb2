-- The record: accounts, what is sealed for them, and what is published about them. Columns in clear
-- carry ids, hours, codes and ratios; never an amount, a net asset value, a symbol or a trade. A
-- superuser can read every row and can destroy them, but cannot forge one: envelopes carry a tag,
-- statements a signature.

create function record.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception using errcode = 'restrict_violation', message = 'append-only';
end
$$;

create table record.account (
  account_id uuid primary key,
  owner_id uuid not null,
  venue text not null check (venue ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
  reporting_currency text not null check (reporting_currency ~ '^[A-Z0-9]{2,12}$'),
  history_from timestamptz not null,
  connected_at timestamptz not null,
  allow_trading_key boolean not null,
  -- Keyed hash of the venue's own account id: one venue account has one record, whatever key reads
  -- it.
  venue_account_hash text not null unique check (venue_account_hash ~ '^[0-9a-f]{64}$'),
  state text not null check (state in ('active', 'paused', 'quarantined', 'closed')),
  state_code record.code
);

-- What a gateway handed in, sealed by the owner's client to the worker's key, until the worker has
-- taken it.
create table record.intake (
  account_id uuid primary key,
  owner_id uuid not null,
  venue text not null check (venue ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
  -- Six API fields of a few hundred bytes each fit many times over.
  sealed bytea not null check (octet_length(sealed) between 1 and 16384),
  reporting_currency text check (reporting_currency ~ '^[A-Z0-9]{2,12}$'),
  history_from timestamptz not null,
  allow_trading_key boolean not null,
  requested_at timestamptz not null default now()
);

create table record.credential (
  account_id uuid not null references record.account,
  field text not null check (field ~ '^[A-Za-z][A-Za-z0-9_]{0,39}$'),
  key_id text not null,
  envelope bytea not null,
  created_at timestamptz not null default now(),
  primary key (account_id, field)
);

-- Entries, sealed in runs. Sequences start at 1. Each run begins where another one ends, so runs
-- can neither overlap nor leave a gap.
create table record.sealed_segment (
  account_id uuid not null references record.account,
  first_sequence bigint not null check (first_sequence >= 1),
  last_sequence bigint not null check (last_sequence >= first_sequence),
  key_id text not null,
  envelope bytea not null,
  created_at timestamptz not null default now(),
  previous_sequence bigint generated always as (nullif(first_sequence - 1, 0)) stored,
  primary key (account_id, first_sequence),
  unique (account_id, last_sequence),
  foreign key (account_id, previous_sequence)
    references record.sealed_segment (account_id, last_sequence)
);

-- Cursor and checkpoint of one account; each write names the version it replaces.
create table record.sealed_state (
  account_id uuid primary key references record.account,
  version bigint not null check (version >= 1),
  key_id text not null,
  envelope bytea not null,
  updated_at timestamptz not null default now()
);

-- The published chain of one account. The first statement has no previous one and every other names
-- the hash of the one numbered before it, so the chain can neither fork nor skip.
create table record.statement (
  account_id uuid not null references record.account,
  sequence bigint not null check (sequence >= 0),
  hour record.full_hour not null,
  body bytea not null,
  hash bytea not null unique check (octet_length(hash) = 32),
  previous bytea check (octet_length(previous) = 32),
  signature bytea not null,
  key_id text not null,
  restates bytea references record.statement (hash),
  created_at timestamptz not null default now(),
  previous_sequence bigint
    generated always as (case when previous is not null then sequence - 1 end) stored,
  primary key (account_id, sequence),
  unique (account_id, sequence, hour),
  unique (account_id, sequence, hash),
  foreign key (account_id, previous_sequence, previous)
    references record.statement (account_id, sequence, hash)
);
create unique index statement_first on record.statement (account_id) where previous is null;
-- What makes a repeated job harmless: an hour is stated once; a correction cites what it corrects.
create unique index statement_hour on record.statement (account_id, hour) where restates is null;

create table record.hourly_return (
  account_id uuid not null,
  hour record.full_hour not null,
  sequence bigint not null,
  status text not null check (status in ('measured', 'no_capital', 'dust', 'ruined', 'unpriced',
    'flow_unvalued', 'stale', 'quarantined', 'market_closed')),
  reason text check (reason ~ '^[a-z][a-z_]{0,39}$'),
  return numeric,
  coverage numeric check (coverage between 0 and 1),
  provenance text not null check (provenance in ('observed', 'backfilled')),
  primary key (account_id, hour, sequence),
  foreign key (account_id, sequence, hour) references record.statement (account_id, sequence, hour),
  check ((return is null) = (reason is not null))
);

-- Kept without a reference: an account that was refused at its connection has a status and nothing
-- else.
create table record.account_status (
  account_id uuid primary key,
  last_hour record.full_hour,
  code record.code,
  code_at timestamptz,
  hours_missing integer not null check (hours_missing >= 0),
  syncing boolean not null,
  updated_at timestamptz not null
);

-- Proof that the master key in use is the one that sealed this database.
create table record.sentinel (
  key_id text primary key,
  envelope bytea not null
);
-- Two workers with different keys that start on an empty database at once: one of them is refused.
create unique index sentinel_one on record.sentinel ((true));

-- For everybody, the owner of the tables included, and also where a replication role skips other
-- triggers.
do $$
declare
  kept text;
begin
  foreach kept in array array['sealed_segment', 'statement', 'hourly_return'] loop
    execute format('create trigger append_only before update or delete or truncate on record.%I
      for each statement execute function record.refuse_change()', kept);
    execute format('alter table record.%I enable always trigger append_only', kept);
  end loop;
end
$$;

grant select, insert on
  record.sealed_segment, record.statement, record.hourly_return, record.sentinel to enclave_worker;
grant select, insert, update on
  record.account, record.sealed_state, record.account_status to enclave_worker;
grant select, insert, update, delete on record.credential to enclave_worker;
grant select, delete on record.intake to enclave_worker;
