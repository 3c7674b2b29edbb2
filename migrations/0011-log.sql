-- The public log: a Merkle tree (RFC 6962) over the hashes of all statements, in the order in which
-- a job took them up, and every checkpoint that was signed over it. Hashes only; all of it is public.

-- Statements that no checkpoint holds yet. Every statement gets here in its own transaction.
create table record.log_pending (
  hash bytea primary key check (octet_length(hash) = 32)
);

create function record.await_log() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into record.log_pending select hash from stated on conflict do nothing;
  return null;
end
$$;
create trigger await_log after insert on record.statement referencing new table as stated
  for each statement execute function record.await_log();
insert into record.log_pending select hash from record.statement;

-- Level 0 has the hashes of statements; each level above it has the roots of 256 nodes of the one
-- below, so that neither a checkpoint nor a proof reads the whole tree.
create table record.log_hash (
  level integer not null check (level between 0 and 6),
  position bigint not null check (position >= 0),
  hash bytea not null check (octet_length(hash) = 32),
  primary key (level, position)
);

create table record.log_checkpoint (
  size bigint primary key check (size > 0),
  -- The signed note, which no administrator can make.
  note text not null check (octet_length(note) <= 16384),
  signed_at timestamptz not null default now()
);

do $$
declare
  kept text;
begin
  foreach kept in array array['log_hash', 'log_checkpoint'] loop
    execute format('create trigger append_only before update or delete or truncate on record.%I
      for each statement execute function record.refuse_change()', kept);
    execute format('alter table record.%I enable always trigger append_only', kept);
  end loop;
end
$$;

create view released.checkpoint as
  select size, note, signed_at from record.log_checkpoint order by size desc limit 1;

grant select, insert, delete on record.log_pending to enclave_worker;
grant select, insert on record.log_hash, record.log_checkpoint to enclave_worker;
grant select on released.checkpoint to gateway;
revoke all on function record.await_log() from public;
grant execute on function record.await_log() to enclave_worker;
