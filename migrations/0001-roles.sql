-- Who may hold rights here, and where this folder's own history is kept. Rights themselves are
-- granted in the migration that makes the object. Login users are the deployment's; each is a
-- member of exactly one role.

do $$
declare
  wanted text;
begin
  foreach wanted in array array['enclave_worker', 'gateway', 'operator'] loop
    -- Roles belong to the server, not to the database, so another database may have made them
    -- already, or may be making them at this moment.
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception when duplicate_object or unique_violation then
        null;
      end;
    end if;
  end loop;
end
$$;

create schema record;
revoke all on schema record from public;
grant usage on schema record to enclave_worker;

create table record.migration (
  number integer primary key check (number > 0),
  name text not null unique,
  sha256 bytea not null check (octet_length(sha256) = 32),
  applied_at timestamptz not null default now()
);
grant select on record.migration to enclave_worker;

-- A code of the closed vocabulary in packages/errors. Without digits and lower case, no key, hash
-- or symbol of a venue's own spelling fits.
create domain record.code as text check (value ~ '^[A-Z][A-Z_]{1,39}$');

-- The first instant of an hour, which names the hour.
create domain record.full_hour as timestamptz check (mod(extract(epoch from value), 3600) = 0);
