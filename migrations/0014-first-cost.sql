-- A first synchronisation asks for years, an hourly job for an hour: charged by one average, each
-- backfill would make the hours that follow it wait.

alter table record.venue_allowance
  add column first_cost real not null default 200 check (first_cost > 0);

-- How many of p_jobs jobs of a queue may be claimed now, and what each is charged. Charges for
-- p_unclaimed jobs, which the queue did not have, are taken back, and those of p_settled jobs are
-- corrected by p_correction tokens that they asked beyond. Backfills leave half of the
-- bucket to hourly work, and less of it the longer the first of them has waited: after an hour they
-- are equals, so that neither starves the other.
create or replace function record.take_tokens(p_queue text, p_venue text, p_egress text, p_is_backfill boolean,
  p_jobs integer, p_unclaimed integer, p_settled integer, p_correction real, out granted integer, out charged real)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  bucket record.venue_allowance;
  waiting integer;
  oldest timestamptz;
  kept real := 0;
  cost real;
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
  cost := case when p_is_backfill then bucket.first_cost else bucket.cost end;
  -- Another transaction may have filled it after this one began.
  bucket.tokens := least(bucket.burst, bucket.tokens - p_correction + p_unclaimed * cost
    + bucket.per_minute / 60 * greatest(0, extract(epoch from now() - bucket.counted_at)));
  if p_settled > 0 then
    cost := greatest(1, cost + 0.1 * p_correction / p_settled);
  end if;
  if p_is_backfill then
    kept := bucket.burst / 2 * greatest(0, 1 - extract(epoch from now() - oldest) / 3600);
  end if;
  if waiting > 0 and coalesce(bucket.closed_until <= now(), true) then
    -- A full bucket admits one job, however much it asks.
    granted := least(waiting, greatest(
      floor((bucket.tokens - kept) / cost), (bucket.tokens >= bucket.burst)::integer, 0));
  end if;
  charged := cost;
  update record.venue_allowance set tokens = bucket.tokens - granted * charged,
    counted_at = greatest(counted_at, now()), admitted = admitted + granted,
    cost = case when p_is_backfill then bucket.cost else charged end,
    first_cost = case when p_is_backfill then charged else bucket.first_cost end,
    refused = refused + waiting - granted
  where venue = p_venue and egress = p_egress;
end
$$;

create or replace view operator.venue_allowance as
  select venue, egress, per_minute, burst, tokens, cost, closed_until, closings, admitted, refused,
    first_cost
  from record.venue_allowance;
