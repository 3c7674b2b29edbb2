-- What leaves, and when. An owner chooses it for an account; every statement signs what held for its
-- hour; and what is not yet due stays out of every view that a gateway reads. Also: that an account
-- was connected is never undone, and a record that was forgotten may begin again, in sight.

alter table record.account
  -- Order of connection, whatever the clock said.
  add column number bigserial unique,
  -- Returns are told by the hour or by the UTC day. Null, here and below: what is usual.
  add column grid text check (grid in ('hour', 'day')),
  -- From the end of an hour's UTC day to its release; 0: as soon as it is signed.
  add column delay_hours integer check (delay_hours between 0 and 720),
  -- An hour with a fill or two is merged with later ones, or told alone.
  add column thin text check (thin in ('merged', 'told'));
alter table record.intake
  add column grid text check (grid in ('hour', 'day')),
  add column delay_hours integer check (delay_hours between 0 and 720),
  add column thin text check (thin in ('merged', 'told'));
grant usage on sequence record.account_number_seq to enclave_worker;

-- One open record of one venue account; that it is ever of one owner, the connection checks.
alter table record.account drop constraint account_venue_account_hash_key;
create unique index account_open on record.account (venue_account_hash) where state <> 'closed';
create index account_venue_account on record.account (venue_account_hash);
create index account_owner on record.account (owner_id);

-- For everybody, the owner of the table included.
create trigger connected before update of account_id, owner_id, venue, reporting_currency,
  history_from, connected_at, venue_account_hash or delete or truncate on record.account
  for each statement execute function record.refuse_change();
alter table record.account enable always trigger connected;
revoke update on record.account from enclave_worker;
grant update (state, state_code) on record.account to enclave_worker;

-- What was stated before there was a policy was released at once.
alter table record.statement add column release_at timestamptz;

-- From here on, what was released and nothing else.
alter table record.hourly_return drop constraint hourly_return_check;
alter table record.hourly_return add check (return is not null or reason is not null);
create index hourly_return_sequence on record.hourly_return (account_id, sequence);
create index hourly_return_ruined on record.hourly_return (account_id) where status = 'ruined';

-- Released is always the beginning of a chain. -1: nothing is.
create function record.last_released(p_account uuid) returns bigint
language sql stable set search_path = pg_catalog, pg_temp
return coalesce((select max(sequence) from record.hourly_return where account_id = p_account), -1);

create function record.due_releases(p_at timestamptz) returns setof uuid
language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select account_id from (
    select account_id, record.last_released(account_id) + 1 as sequence
    from record.account offset 0
  ) next join record.statement using (account_id, sequence)
  where release_at <= p_at;
end;

-- What the owner of an account connected by now: how many accounts; how many of them are closed or
-- were ruined; the place of this one; and the earlier records of its venue account.
create function record.owned_accounts(p_account uuid,
  out connected integer, out ended integer, out ordinal integer, out restarts integer)
language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select count(*)::integer, count(*) filter (where other.state = 'closed' or exists (
      select from record.hourly_return hour
      where hour.account_id = other.account_id and hour.status = 'ruined'))::integer,
    count(*) filter (where other.number <= own.number)::integer,
    count(*) filter (where other.number < own.number
      and other.venue_account_hash = own.venue_account_hash)::integer
  from record.account own join record.account other using (owner_id)
  where own.account_id = p_account;
end;

-- Who has a record of this venue account that a new one of this owner would double: somebody else,
-- whatever became of it, or the owner while it can go on.
create function record.owner_of_record(p_venue_account_hash text, p_owner uuid) returns uuid
language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select owner_id from record.account left join record.account_key key using (account_id)
  where venue_account_hash = p_venue_account_hash
    and (owner_id <> p_owner or key.account_id is not null)
  order by owner_id = p_owner limit 1;
end;

create or replace view released.statement as
  select account_id, sequence, hour, body, hash, previous, signature, key_id, restates
  from record.statement where exists (
    select from record.hourly_return hour
    where hour.account_id = statement.account_id and hour.sequence = statement.sequence);

drop function gateway.connect_account(uuid, uuid, text, bytea, text, timestamptz, boolean);

-- As before; p_disclosure is {"grid", "delayHours", "thin"}, of which any may be left out.
create function gateway.connect_account(p_account uuid, p_owner uuid, p_venue text, p_sealed bytea,
  p_reporting_currency text, p_history_from timestamptz, p_allow_trading_key boolean,
  p_disclosure jsonb default null) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if p_account is null or p_owner is null or p_venue is null or p_sealed is null
    or p_history_from is null or p_history_from > now() or p_allow_trading_key is null
    or octet_length(p_sealed) not between 1 and 16384
    or p_reporting_currency !~ '^[A-Z0-9]{2,12}$'
  then
    perform record.refuse('ARGUMENT_INVALID');
  end if;
  if not exists (select from pgboss.queue where name = 'sync-account.' || p_venue) then
    perform record.refuse('VENUE_UNKNOWN');
  end if;
  begin
    insert into record.intake (account_id, owner_id, venue, sealed, reporting_currency,
      history_from, allow_trading_key, grid, delay_hours, thin)
    select p_account, p_owner, p_venue, p_sealed, p_reporting_currency, p_history_from,
      p_allow_trading_key, p_disclosure ->> 'grid', (p_disclosure ->> 'delayHours')::integer,
      p_disclosure ->> 'thin'
    where not exists (select from record.account where account_id = p_account)
    on conflict do nothing;
    if not found then
      perform record.refuse('STORE_CONFLICT');
    end if;
  exception when check_violation or invalid_text_representation
    or numeric_value_out_of_range then
    perform record.refuse('ARGUMENT_INVALID');
  end;
  return record.enqueue('connect-account', p_account, jsonb_build_object('accountId', p_account));
end
$$;

-- The owner chooses anew, for hours that are not stated yet: what was stated leaves as it says.
create function gateway.change_disclosure(p_account uuid, p_disclosure jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update record.account set grid = coalesce(p_disclosure ->> 'grid', grid),
    delay_hours = coalesce((p_disclosure ->> 'delayHours')::integer, delay_hours),
    thin = coalesce(p_disclosure ->> 'thin', thin)
  where account_id = p_account;
  if not found then
    perform record.refuse('ACCOUNT_UNKNOWN');
  end if;
exception when check_violation or invalid_text_representation or numeric_value_out_of_range then
  perform record.refuse('ARGUMENT_INVALID');
end
$$;

revoke all on function gateway.connect_account(uuid, uuid, text, bytea, text, timestamptz, boolean,
  jsonb), gateway.change_disclosure(uuid, jsonb), record.last_released(uuid),
  record.due_releases(timestamptz), record.owned_accounts(uuid), record.owner_of_record(text, uuid)
  from public;
grant execute on function gateway.connect_account(uuid, uuid, text, bytea, text, timestamptz,
  boolean, jsonb), gateway.change_disclosure(uuid, jsonb) to gateway;
grant execute on function record.last_released(uuid), record.due_releases(timestamptz),
  record.owned_accounts(uuid), record.owner_of_record(text, uuid) to enclave_worker;
