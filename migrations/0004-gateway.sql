-- What a gateway may do: read what was released, and ask for work through two functions. It has no
-- right on any table; the functions run with their owner's rights and name every object by its
-- schema. Refusals have SQLSTATE TR000 and a code of packages/errors as their message.

create schema released;
create schema gateway;
revoke all on schema released, gateway from public;
grant usage on schema released, gateway to gateway;

create view released.account_status as
  select coalesce(account.account_id, status.account_id) as account_id, account.owner_id,
    account.venue, account.state, account.state_code, status.last_hour, status.code, status.code_at,
    coalesce(status.hours_missing, 0) as hours_missing, coalesce(status.syncing, false) as syncing,
    status.updated_at
  from (
    select account_id, owner_id, venue, state, state_code from record.account
    union all
    select account_id, owner_id, venue, 'connecting', null from record.intake
      where account_id not in (select account_id from record.account)
  ) account full join record.account_status status on status.account_id = account.account_id;

-- A restated hour shows its latest statement; the earlier ones stay readable in the chain.
create view released.hourly_return as
  select distinct on (account_id, hour)
    account_id, hour, sequence, status, reason, return, coverage, provenance
  from record.hourly_return order by account_id, hour, sequence desc;

create view released.statement as
  select account_id, sequence, hour, body, hash, previous, signature, key_id, restates
  from record.statement;

grant select on all tables in schema released to gateway;
-- The worker's own door answers from the same view.
grant usage on schema released to enclave_worker;
grant select on released.account_status to enclave_worker;

create function record.refuse(code text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception using errcode = 'TR000', message = code;
end
$$;

-- Puts one job on a queue as pg-boss would: a row without the queue's own options would escape its
-- policy, its retries and its dead letters. Returns the job that now stands for this account, new
-- or already there.
create function record.enqueue(p_queue text, p_account uuid, p_data jsonb) returns uuid
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  -- A person waits for what a gateway enqueues; the hourly work has priority 0.
  interactive constant integer := 10;
  job uuid;
begin
  if not exists (select from pgboss.queue where name = p_queue) then
    perform record.refuse('VENUE_UNKNOWN');
  end if;
  -- The job that was in the way may end between the two statements: look again, but not for ever.
  for attempt in 1..3 loop
    insert into pgboss.job_common (id, name, data, priority, singleton_key, policy, retry_limit,
      retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds, keep_until,
      dead_letter, heartbeat_seconds)
    select gen_random_uuid(), name, p_data, interactive, p_account::text, policy, retry_limit,
      retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds,
      now() + retention_seconds * interval '1 second', dead_letter, heartbeat_seconds
    from pgboss.queue where name = p_queue
    on conflict do nothing
    returning id into job;
    if job is null then
      select id into job from pgboss.job_common
      where name = p_queue and singleton_key = p_account::text and state < 'completed';
    end if;
    if job is not null then
      return job;
    end if;
  end loop;
  perform record.refuse('STORE_CONFLICT');
end
$$;

-- Returns the id of the job that will open the envelope. STORE_CONFLICT when the account was handed
-- in before.
create function gateway.connect_account(p_account uuid, p_owner uuid, p_venue text, p_sealed bytea,
  p_reporting_currency text, p_history_from timestamptz, p_allow_trading_key boolean) returns uuid
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
  insert into record.intake (account_id, owner_id, venue, sealed, reporting_currency, history_from,
    allow_trading_key)
  select p_account, p_owner, p_venue, p_sealed, p_reporting_currency, p_history_from,
    p_allow_trading_key
  where not exists (select from record.account where account_id = p_account)
  on conflict do nothing;
  if not found then
    perform record.refuse('STORE_CONFLICT');
  end if;
  return record.enqueue('connect-account', p_account, jsonb_build_object('accountId', p_account));
end
$$;

-- Returns the id of the job that will bring the account up to the hour that starts at p_hour; null
-- means the last full one. The hour of a job that is already waiting or running stays as it is.
create function gateway.enqueue_sync(p_account uuid, p_hour timestamptz) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  last_full_hour constant timestamptz := date_trunc('hour', now(), 'UTC') - interval '1 hour';
  wanted constant timestamptz := coalesce(p_hour, last_full_hour);
  account record.account;
begin
  if wanted <> date_trunc('hour', wanted, 'UTC') or wanted > last_full_hour then
    perform record.refuse('ARGUMENT_INVALID');
  end if;
  select * into account from record.account where account_id = p_account;
  if not found then
    perform record.refuse('ACCOUNT_UNKNOWN');
  end if;
  if account.state <> 'active' then
    perform record.refuse('ACCOUNT_PAUSED');
  end if;
  return record.enqueue('sync-account.' || account.venue, p_account, jsonb_build_object(
    'accountId', p_account,
    'hour', to_char(wanted at time zone 'UTC', 'YYYY-MM-DD"T"HH24":00:00Z"')));
end
$$;

revoke all on all functions in schema gateway, record from public;
grant execute on all functions in schema gateway to gateway;
