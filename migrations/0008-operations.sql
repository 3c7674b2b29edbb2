-- What an operator may do, beside seeing: end, repeat and hold back work, pause and resume accounts.
-- Each act is one function with its owner's rights, one transaction, and one row here that nobody
-- can change. The role operator itself has no right on any table. Refusals have SQLSTATE TR000.

create table record.operator_action (
  action_id bigint generated always as identity primary key,
  acted_at timestamptz not null default now(),
  -- The login, whatever role it took on.
  actor text not null default session_user,
  action text not null check (action in
    ('retry', 'cancel', 'drain', 'undrain', 'redrive', 'pause', 'resume')),
  queue text,
  job_id uuid,
  account_id uuid,
  jobs integer not null check (jobs >= 0),
  -- A sentence for colleagues. Keys of venues are longer runs of characters than any word here, so
  -- that one that is pasted by mistake is refused.
  reason text not null check (reason ~ '^[A-Za-z0-9 .,:/#-]{3,80}$' and reason !~ '[^ ]{21}')
);
create index operator_action_account on record.operator_action (account_id, action_id);
create trigger append_only before update or delete or truncate on record.operator_action
  for each statement execute function record.refuse_change();
alter table record.operator_action enable always trigger append_only;

-- Queues whose jobs no worker claims. What runs goes on to its end.
create table record.queue_hold (
  queue text primary key,
  held_at timestamptz not null default now()
);
grant select on record.queue_hold to enclave_worker;

-- Where each venue's final hours end, as the dispatcher last saw it by the worker's clock: what an
-- account's missing hours are counted from.
create table record.venue_hour (
  venue text primary key check (venue ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
  final_to record.full_hour not null,
  dispatched_at timestamptz not null
);
grant select, insert, update on record.venue_hour to enclave_worker;

-- Until the dispatcher has looked once, the count that the account's last job left.
create or replace view released.account_status as
  select coalesce(account.account_id, status.account_id) as account_id, account.owner_id,
    account.venue, account.state, account.state_code, status.last_hour, status.code, status.code_at,
    case when final_to is null then coalesce(status.hours_missing, 0)
      else greatest(0, extract(epoch from final_to - coalesce(last_hour + interval '1 hour',
        date_trunc('hour', history_from, 'UTC')))::integer / 3600) end as hours_missing,
    coalesce(status.syncing, false) as syncing, status.updated_at
  from (
    select account_id, owner_id, venue, state, state_code, history_from from record.account
    union all
    select account_id, owner_id, venue, 'connecting', null, history_from from record.intake
      where account_id not in (select account_id from record.account)
  ) account full join record.account_status status on status.account_id = account.account_id
    left join record.venue_hour on venue_hour.venue = account.venue and state <> 'connecting';

create or replace view operator.account as
  select account_id, account.venue, account.state, account.state_code, account.connected_at,
    status.last_hour, status.code, status.code_at, status.hours_missing, status.syncing,
    status.updated_at, account.history_from
  from record.account join released.account_status status using (account_id);

create or replace view operator.queue as
  select queue.name, queue.policy, queue.dead_letter, queue.retry_limit, queue.expire_seconds,
    count(*) filter (where state in ('created', 'retry') and start_after <= now()) as ready,
    count(*) filter (where state in ('created', 'retry') and start_after > now()) as deferred,
    count(*) filter (where state = 'active') as active,
    count(*) filter (where state = 'failed') as failed,
    min(job.created_on) filter (where state in ('created', 'retry') and start_after <= now())
      as oldest_ready,
    exists (select from record.queue_hold where queue_hold.queue = queue.name) as held
  from pgboss.queue left join pgboss.job_common job
    on job.name = queue.name and job.state in ('created', 'retry', 'active', 'failed')
  where queue.name not like '\_\_pgboss\_\_%'
  group by queue.name;

-- The account a job is about, and nothing else of its payload. A payload need not be an object.
create function record.account_of(payload jsonb) returns uuid
language sql immutable set search_path = pg_catalog, pg_temp
return case when payload ->> 'accountId'
  ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
  then (payload ->> 'accountId')::uuid end;

create or replace view operator.job as
  select id, name, state::text as state, priority, retry_count, retry_limit,
    output ->> 'code' as code, source_name, source_output ->> 'code' as source_code, created_on,
    start_after, started_on, completed_on, record.account_of(data) as account_id, heartbeat_on
  from pgboss.job_common;

create view operator.schedule as
  select schedule.name, cron, timezone, schedule.updated_on,
    (select max(completed_on) from pgboss.job_common job
     where job.name = schedule.name and job.state = 'completed') as last_completed
  from pgboss.schedule;

create view operator.venue as
  select account.venue, final_to, dispatched_at,
    count(*) filter (where state = 'active') as active,
    count(*) filter (where state in ('paused', 'quarantined')) as stopped,
    coalesce(sum(hours_missing) filter (where state = 'active'), 0)::bigint as hours_missing,
    coalesce(sum(hours_missing) filter (where state in ('paused', 'quarantined')), 0)::bigint
      as hours_withheld,
    count(*) filter (where state = 'active' and hours_missing > 0) as accounts_behind
  from operator.account left join record.venue_hour on venue_hour.venue = account.venue
  group by account.venue, final_to, dispatched_at;

create view operator.action as
  select action_id, acted_at, actor, action, queue, job_id, account_id, jobs, reason
  from record.operator_action;

grant select on all tables in schema operator to operator;

create function record.note_action(p_action text, p_queue text, p_job uuid, p_account uuid,
  p_jobs integer, p_reason text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into record.operator_action (action, queue, job_id, account_id, jobs, reason)
  values (p_action, p_queue, p_job, p_account, p_jobs, p_reason);
exception when check_violation or not_null_violation then
  perform record.refuse('ARGUMENT_INVALID');
end
$$;

-- Whether a new attempt for this account can come to anything. A connection needs what was handed
-- in; a job that names no account is nobody's to refuse.
create function record.accepts_work(p_queue text, p_account uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
return case
  when p_account is null then true
  when p_queue = 'connect-account' then
    exists (select from record.intake where account_id = p_account)
  else exists (select from record.account where account_id = p_account and state = 'active') end;

-- Moves one dead letter back to the queue it came from, with that queue's own options: a row without
-- them would escape its policy. Null when a job of the same key waits or runs there already; the
-- dead letter has then nothing left to do and is dismissed.
create function record.revive(p_letter pgboss.job_common) returns uuid
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  job uuid;
begin
  insert into pgboss.job_common (id, name, data, priority, singleton_key, policy, retry_limit,
    retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds, keep_until,
    dead_letter, heartbeat_seconds)
  select gen_random_uuid(), name, p_letter.data, p_letter.priority,
    coalesce(p_letter.singleton_key, record.account_of(p_letter.data)::text), policy, retry_limit,
    retry_delay, retry_backoff, retry_delay_max, expire_seconds, deletion_seconds,
    now() + retention_seconds * interval '1 second', dead_letter, heartbeat_seconds
  from pgboss.queue where name = p_letter.source_name
  on conflict do nothing
  returning id into job;
  if job is null then
    update pgboss.job_common set state = 'cancelled', completed_on = now(),
      output = '{"code": "REDRIVE_CONFLICT"}'
    where name = p_letter.name and id = p_letter.id;
  else
    delete from pgboss.job_common where name = p_letter.name and id = p_letter.id;
  end if;
  return job;
end
$$;

-- The job of this id, locked. Ids are unique within a queue, and the queues are few.
create function record.job_of(p_job uuid) returns pgboss.job_common
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  job pgboss.job_common;
begin
  select found.* into job from pgboss.queue
    join pgboss.job_common found on found.name = queue.name and found.id = p_job
    for update of found;
  if not found then
    perform record.refuse('JOB_UNKNOWN');
  end if;
  return job;
end
$$;

-- Gives a failed, cancelled, waiting or dead job an attempt now. Returns the job that stands for it
-- then, which is another one when its key has a job already. JOB_UNKNOWN when it runs or is done.
create function operator.retry_job(p_job uuid, p_reason text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  job constant pgboss.job_common := record.job_of(p_job);
  revived uuid := p_job;
  is_letter constant boolean := job.source_name is not null;
begin
  if job.state in ('active', 'completed') or (is_letter and job.state <> 'created') then
    perform record.refuse('JOB_UNKNOWN');
  end if;
  if not record.accepts_work(coalesce(job.source_name, job.name), record.account_of(job.data)) then
    perform record.refuse('ACCOUNT_PAUSED');
  end if;
  if is_letter then
    revived := record.revive(job);
  else
    begin
      -- The retention counts from now on: a job that failed long ago would else be swept away.
      update pgboss.job_common set state = case when state < 'active' then state else 'retry' end,
        retry_limit = greatest(retry_limit, retry_count + 1), start_after = now(),
        completed_on = null, keep_until = greatest(keep_until, now() + (
          select retention_seconds * interval '1 second' from pgboss.queue where name = job.name))
      where name = job.name and id = job.id;
      delete from pgboss.job_common
      where name = job.dead_letter and source_id = job.id and state = 'created';
    exception when unique_violation then
      revived := null;
    end;
  end if;
  perform record.note_action('retry', coalesce(job.source_name, job.name), p_job,
    record.account_of(job.data), case when revived is null then 0 else 1 end, p_reason);
  return coalesce(revived, (
    select id from pgboss.job_common
    where name = coalesce(job.source_name, job.name) and state < 'completed'
      and singleton_key = coalesce(job.singleton_key, record.account_of(job.data)::text)));
end
$$;

-- Ends a job that waits or runs; a worker that runs it finds its claim lost and writes nothing.
-- Returns the state it was in. JOB_UNKNOWN when it has ended.
create function operator.cancel_job(p_job uuid, p_reason text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  job constant pgboss.job_common := record.job_of(p_job);
begin
  if job.state >= 'completed' then
    perform record.refuse('JOB_UNKNOWN');
  end if;
  update pgboss.job_common set state = 'cancelled', completed_on = now()
  where name = job.name and id = job.id;
  perform record.note_action('cancel', job.name, job.id, record.account_of(job.data), 1, p_reason);
  return job.state::text;
end
$$;

-- Holds a queue back, or lets it go again; null means every queue that workers serve. Returns how
-- many of its jobs still run. ARGUMENT_INVALID when there is no such queue.
create function operator.drain(p_queue text, p_hold boolean, p_reason text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  queues constant text[] := array(
    select name from pgboss.queue
    where name = coalesce(p_queue, name) and dead_letter is not null);
  running constant integer := (
    select count(*) from pgboss.job_common where name = any (queues) and state = 'active');
begin
  if queues = '{}' or p_hold is null then
    perform record.refuse('ARGUMENT_INVALID');
  end if;
  if p_hold then
    insert into record.queue_hold (queue) select unnest(queues) on conflict do nothing;
  else
    delete from record.queue_hold where queue = any (queues);
  end if;
  perform record.note_action(
    case when p_hold then 'drain' else 'undrain' end, p_queue, null, null, running, p_reason);
  return running;
end
$$;

-- Moves dead letters back, newest first, because a later job of an account does what an earlier one
-- was to do. Those of accounts that are not active stay.
create function operator.redrive(p_queue text, p_code text, p_limit integer, p_reason text,
  out redriven integer, out superseded integer, out skipped integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  letter pgboss.job_common;
begin
  redriven := 0;
  superseded := 0;
  skipped := 0;
  if p_limit is null or p_limit not between 1 and 10000 then
    perform record.refuse('ARGUMENT_INVALID');
  end if;
  for letter in
    select * from pgboss.job_common
    where state = 'created' and name in (select dead_letter from pgboss.queue)
      and source_name = coalesce(p_queue, source_name)
      and (p_code is null or source_output ->> 'code' = p_code)
    order by created_on desc limit p_limit for update skip locked
  loop
    if not record.accepts_work(letter.source_name, record.account_of(letter.data)) then
      skipped := skipped + 1;
    elsif record.revive(letter) is null then
      superseded := superseded + 1;
    else
      redriven := redriven + 1;
    end if;
  end loop;
  perform record.note_action('redrive', p_queue, null, null, redriven, p_reason);
end
$$;

-- No further job of the account does anything, and those that wait end; one that runs ends by
-- itself. Returns how many were ended. ACCOUNT_PAUSED when the account is not active.
create function operator.pause_account(p_account uuid, p_reason text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  ended integer;
begin
  if not exists (select from record.account where account_id = p_account) then
    perform record.refuse('ACCOUNT_UNKNOWN');
  end if;
  update record.account set state = 'paused', state_code = 'ACCOUNT_PAUSED'
  where account_id = p_account and state = 'active';
  if not found then
    perform record.refuse('ACCOUNT_PAUSED');
  end if;
  update pgboss.job_common set state = 'cancelled', completed_on = now(),
    output = '{"code": "ACCOUNT_PAUSED"}'
  where singleton_key = p_account::text and state < 'active' and source_name is null
    and name in (select name from pgboss.queue);
  get diagnostics ended = row_count;
  perform record.note_action('pause', null, null, p_account, ended, p_reason);
  return ended;
end
$$;

-- The account is active again, and a job brings up every hour it misses. Returns that job; null when
-- the account was active. KEY_UNKNOWN when it was closed: its keys are gone.
create function operator.resume_account(p_account uuid, p_reason text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  account record.account;
  job uuid;
begin
  select * into account from record.account where account_id = p_account for update;
  if not found then
    perform record.refuse('ACCOUNT_UNKNOWN');
  elsif account.state = 'closed' then
    perform record.refuse('KEY_UNKNOWN');
  elsif account.state = 'active' then
    return null;
  end if;
  update record.account set state = 'active', state_code = null where account_id = p_account;
  job := record.enqueue('sync-account.' || account.venue, p_account, jsonb_build_object(
    'accountId', p_account,
    'hour', to_char((date_trunc('hour', now(), 'UTC') - interval '1 hour') at time zone 'UTC',
      'YYYY-MM-DD"T"HH24":00:00Z"')));
  perform record.note_action('resume', null, job, p_account, 1, p_reason);
  return job;
end
$$;

-- pg-boss leaves its functions to everybody who may use its schema.
revoke all on all functions in schema pgboss from public;
grant execute on all functions in schema pgboss to enclave_worker;

revoke all on all functions in schema operator from public;
revoke all on function record.account_of(jsonb), record.accepts_work(text, uuid),
  record.revive(pgboss.job_common), record.job_of(uuid),
  record.note_action(text, text, uuid, uuid, integer, text) from public;
grant execute on all functions in schema operator to operator;
-- A view's functions are its reader's own calls.
grant execute on function record.account_of(jsonb) to operator;
