-- How workers share what a venue allows, and how one of them hears at once that a person waits.

-- What one address may ask of one venue, as a bucket of tokens, one token for one request. Whatever a
-- dead worker took comes back as the bucket fills: nothing has to be returned, so nothing can leak.
create table record.venue_allowance (
  venue text not null check (venue ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
  -- Which of the deployment's addresses the venue sees.
  egress text not null check (egress ~ '^[a-z0-9][a-z0-9.-]{0,63}$'),
  -- Below what the venue documents, because a job is admitted for what it is expected to ask.
  per_minute real not null check (per_minute > 0),
  burst real not null check (burst > 0),
  tokens real not null,
  counted_at timestamptz not null default now(),
  -- What a job has asked lately, as a moving average.
  cost real not null check (cost > 0),
  -- While it is closed no job of the venue is admitted, on any worker.
  closed_until timestamptz,
  closings integer not null default 0,
  admitted bigint not null default 0,
  refused bigint not null default 0,
  primary key (venue, egress)
);
-- One hot row for each venue: its versions die on the page they were born on.
alter table record.venue_allowance set (fillfactor = 50, autovacuum_vacuum_threshold = 200);

-- What a job is taken to ask before any has: a page of each feed, balances, prices.
create function record.open_allowance(p_venue text, p_egress text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into record.venue_allowance (venue, egress, per_minute, burst, tokens, cost)
  values (p_venue, p_egress, 1200, 1200, 1200, 12)
  on conflict do nothing
$$;

-- How many of p_jobs jobs of a queue may be claimed now, and what each is charged. Charges for
-- p_unclaimed jobs, which the queue did not have, are taken back, and those of p_settled jobs are
-- corrected by p_correction tokens that they asked beyond. Backfills leave half of the
-- bucket to hourly work, and less of it the longer the first of them has waited: after an hour they
-- are equals, so that neither starves the other.
create function record.take_tokens(p_queue text, p_venue text, p_egress text, p_is_backfill boolean,
  p_jobs integer, p_unclaimed integer, p_settled integer, p_correction real, out granted integer, out charged real)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  bucket record.venue_allowance;
  waiting integer;
  oldest timestamptz;
  kept real := 0;
begin
  select count(*), min(created_on) into waiting, oldest from (
    select created_on from pgboss.job_common
    where name = p_queue and state < 'active' and start_after <= now()
      and not exists (select from record.queue_hold where queue = p_queue)
    limit p_jobs) ready;
  granted := 0;
  charged := 0;
  if waiting = 0 and p_unclaimed = 0 and p_settled = 0 then
    return;
  end if;
  select * into bucket from record.venue_allowance
  where venue = p_venue and egress = p_egress for update;
  if not found then
    perform record.open_allowance(p_venue, p_egress);
    select * into bucket from record.venue_allowance
    where venue = p_venue and egress = p_egress for update;
  end if;
  -- Another transaction may have filled it after this one began.
  bucket.tokens := least(bucket.burst, bucket.tokens - p_correction + p_unclaimed * bucket.cost
    + bucket.per_minute / 60 * greatest(0, extract(epoch from now() - bucket.counted_at)));
  if p_settled > 0 then
    bucket.cost := greatest(1, bucket.cost + 0.1 * p_correction / p_settled);
  end if;
  if p_is_backfill then
    kept := bucket.burst / 2 * greatest(0, 1 - extract(epoch from now() - oldest) / 3600);
  end if;
  if waiting > 0 and coalesce(bucket.closed_until <= now(), true) then
    -- A full bucket admits one job, however much it asks.
    granted := least(waiting, greatest(
      floor((bucket.tokens - kept) / bucket.cost), (bucket.tokens >= bucket.burst)::integer, 0));
  end if;
  charged := bucket.cost;
  update record.venue_allowance set tokens = bucket.tokens - granted * bucket.cost,
    counted_at = greatest(counted_at, now()), cost = bucket.cost, admitted = admitted + granted,
    refused = refused + waiting - granted
  where venue = p_venue and egress = p_egress;
end
$$;

-- A venue has told one worker to wait, or has banned its address: all of them wait, and afterwards
-- begin with an empty bucket.
create function record.close_venue(p_venue text, p_egress text, p_seconds integer) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform record.open_allowance(p_venue, p_egress);
  update record.venue_allowance set tokens = 0,
    closings = closings + coalesce(closed_until <= now(), true)::integer,
    closed_until = greatest(closed_until, now() + p_seconds * interval '1 second'),
    counted_at = greatest(counted_at, now() + p_seconds * interval '1 second')
  where venue = p_venue and egress = p_egress;
end
$$;

create view operator.venue_allowance as
  select venue, egress, per_minute, burst, tokens, cost, closed_until, closings, admitted, refused
  from record.venue_allowance;
grant select on operator.venue_allowance to operator;

-- Somebody waits for jobs above the hourly work's priority 0: a worker that listens looks at once.
-- Bulk work is left to the next look, because a notification takes a lock of the whole server.
create function record.wake_worker() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_notify('record_work', new.name);
  return null;
end
$$;
create trigger wake_worker after insert or update of priority on pgboss.job_common for each row
  when (new.priority > 0 and new.state = 'created') execute function record.wake_worker();

revoke all on function record.open_allowance(text, text), record.wake_worker(),
  record.take_tokens(text, text, text, boolean, integer, integer, integer, real),
  record.close_venue(text, text, integer) from public;
grant select, insert, update on record.venue_allowance to enclave_worker;
grant execute on function record.open_allowance(text, text), record.wake_worker(),
  record.take_tokens(text, text, text, boolean, integer, integer, integer, real),
  record.close_venue(text, text, integer) to enclave_worker;

create function record.demand(holds boolean, code text) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not holds then
    raise exception using errcode = 'TR000', message = code;
  end if;
  return holds;
end
$$;

revoke all on function record.demand(boolean, text) from public;
grant execute on function record.demand(boolean, text) to enclave_worker;
