-- What else a gateway may ask for: new credentials for an account that has a record, the hours that
-- are missing, and the end of a connection. A producer that is not Node calls the same functions.

-- As before, and now a job that already waits comes as early as whoever asks last needs it.
create function record.enqueue(p_queue text, p_account uuid, p_data jsonb, p_priority integer)
returns uuid
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  job uuid;
begin
  if not exists (select from pgboss.queue where name = p_queue) then
    perform record.refuse('VENUE_UNKNOWN');
  end if;
  -- The job that was in the way may end between the statements: look again, but not for ever.
  for attempt in 1..3 loop
    insert into pgboss.job_common (id, name, data, priority, singleton_key, policy, retry_limit,
      retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds, keep_until,
      dead_letter, heartbeat_seconds)
    select gen_random_uuid(), name, p_data, p_priority, p_account::text, policy, retry_limit,
      retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds,
      now() + retention_seconds * interval '1 second', dead_letter, heartbeat_seconds
    from pgboss.queue where name = p_queue
    on conflict do nothing
    returning id into job;
    if job is null then
      update pgboss.job_common set priority = p_priority
      where name = p_queue and singleton_key = p_account::text and state < 'active'
        and priority < p_priority;
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

-- For whom a person waits: before the hourly work, which has priority 0.
create or replace function record.enqueue(p_queue text, p_account uuid, p_data jsonb) returns uuid
language sql set search_path = pg_catalog, pg_temp
return record.enqueue(p_queue, p_account, p_data, 10);

-- The job that brings an account up to an hour, with the payload that jobs/sync-account writes.
create function record.enqueue_hour(p_account uuid, p_hour timestamptz, p_priority integer)
returns uuid
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
    'hour', to_char(wanted at time zone 'UTC', 'YYYY-MM-DD"T"HH24":00:00.000Z"')), p_priority);
end
$$;

create or replace function gateway.enqueue_sync(p_account uuid, p_hour timestamptz) returns uuid
language sql security definer set search_path = pg_catalog, pg_temp
return record.enqueue_hour(p_account, p_hour, 10);

-- Every hour that the account misses, up to the last full one, among the hourly work: nobody waits
-- for it. Returns the job. ACCOUNT_UNKNOWN, ACCOUNT_PAUSED.
create function gateway.enqueue_backfill(p_account uuid) returns uuid
language sql security definer set search_path = pg_catalog, pg_temp
return record.enqueue_hour(p_account, null, 0);

-- New credentials for an account that has a record: the worker tries them and takes them in place of
-- the old ones when they are of the same venue account. Also opens again what was disconnected.
-- Returns the job. ACCOUNT_UNKNOWN; KEY_UNKNOWN: the account was forgotten; STORE_CONFLICT: others
-- are being tried at this moment.
create function gateway.rotate_credentials(p_account uuid, p_sealed bytea) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if p_sealed is null or octet_length(p_sealed) not between 1 and 16384 then
    perform record.refuse('ARGUMENT_INVALID');
  end if;
  if not exists (select from record.account where account_id = p_account) then
    perform record.refuse('ACCOUNT_UNKNOWN');
  end if;
  if not exists (select from record.account_key where account_id = p_account) then
    perform record.refuse('KEY_UNKNOWN');
  end if;
  -- A job that fails forgets what was handed in, which must be what it has tried.
  if exists (select from pgboss.job_common where name = 'connect-account'
    and singleton_key = p_account::text and state = 'active')
  then
    perform record.refuse('STORE_CONFLICT');
  end if;
  insert into record.intake (account_id, owner_id, venue, sealed, reporting_currency, history_from,
    allow_trading_key)
  select account_id, owner_id, venue, p_sealed, reporting_currency, history_from, allow_trading_key
  from record.account where account_id = p_account
  on conflict (account_id) do update set sealed = excluded.sealed, requested_at = now();
  return record.enqueue('connect-account', p_account, jsonb_build_object('accountId', p_account));
end
$$;

-- Jobs of the account that wait, in the queues that one account can have jobs in, have nothing left
-- to do; one that runs ends by itself.
create function record.end_waiting_jobs(p_account uuid) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update pgboss.job_common set state = 'cancelled', completed_on = now(),
    output = '{"code": "ACCOUNT_PAUSED"}'
  where singleton_key = p_account::text and state < 'active' and source_name is null
    and name in (select name from pgboss.queue);
end
$$;

-- The owner ends the connection: the credentials are gone, the record stays and stays readable to
-- the worker, and new credentials of the same venue account open it again. Of an account that never
-- had a record nothing is left.
create function gateway.disconnect_account(p_account uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  handed_in integer;
begin
  delete from record.intake where account_id = p_account;
  get diagnostics handed_in = row_count;
  delete from record.credential where account_id = p_account;
  update record.account set state = 'closed', state_code = null where account_id = p_account;
  if not found then
    delete from record.account_status where account_id = p_account;
    if not found and handed_in = 0 then
      perform record.refuse('ACCOUNT_UNKNOWN');
    end if;
  end if;
  update record.account_status set syncing = false where account_id = p_account;
  perform record.end_waiting_jobs(p_account);
end
$$;

-- As before, and no job or status stays behind either.
create or replace function gateway.forget_account(p_account uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform gateway.disconnect_account(p_account);
  delete from record.account_key where account_id = p_account;
end
$$;

-- Handed-in credentials are work that waits or runs, also for an account that has others.
create or replace view released.account_status as
  select coalesce(account.account_id, status.account_id) as account_id, account.owner_id,
    account.venue, account.state, account.state_code, status.last_hour, status.code, status.code_at,
    case when final_to is null then coalesce(status.hours_missing, 0)
      else greatest(0, extract(epoch from final_to - coalesce(last_hour + interval '1 hour',
        date_trunc('hour', history_from, 'UTC')))::integer / 3600) end as hours_missing,
    coalesce(status.syncing, false)
      or exists (select from record.intake where intake.account_id = account.account_id) as syncing,
    status.updated_at
  from (
    select account_id, owner_id, venue, state, state_code, history_from from record.account
    union all
    select account_id, owner_id, venue, 'connecting', null, history_from from record.intake
      where account_id not in (select account_id from record.account)
  ) account full join record.account_status status on status.account_id = account.account_id
    left join record.venue_hour on venue_hour.venue = account.venue and state <> 'connecting';

revoke all on all functions in schema gateway from public;
grant execute on all functions in schema gateway to gateway;
revoke all on function record.enqueue(text, uuid, jsonb, integer),
  record.enqueue_hour(uuid, timestamptz, integer), record.end_waiting_jobs(uuid) from public;
