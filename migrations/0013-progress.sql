-- What an owner sees of an account besides its state: coverage, the place in the queue, and how far
-- the history is; also of an account whose credentials were refused, which has no other row.

create index intake_owner on record.intake (owner_id);

-- Who handed in what was since taken or refused.
create table record.handed_in (
  account_id uuid primary key,
  owner_id uuid not null
);
create index handed_in_owner on record.handed_in (owner_id);

create function record.keep_owner() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into record.handed_in values (old.account_id, old.owner_id)
  on conflict (account_id) do update set owner_id = excluded.owner_id;
  return old;
end
$$;
create trigger keep_owner after delete on record.intake
  for each row execute function record.keep_owner();
revoke all on function record.keep_owner() from public;

-- How many jobs of the same queue are claimed before the account's own that waits, in pg-boss's
-- order; 1000 stands for more, because nobody counts on. Null when none waits.
create function record.queue_position(p_account uuid, p_venue text) returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
return (
  select (
    select count(*) from (
      select from pgboss.job_common other
      where other.name = own.name and other.state < 'active' and other.start_after <= now()
        and (other.priority > own.priority or other.priority = own.priority
          and (other.created_on, other.id) < (own.created_on, own.id))
      limit 1000) before)
  from pgboss.job_common own
  where own.name in ('connect-account', 'sync-account.' || p_venue)
    and own.singleton_key = p_account::text and own.state < 'active'
  order by own.created_on limit 1);
revoke all on function record.queue_position(uuid, text) from public;
-- A view's functions are its reader's own calls.
grant usage on schema record to gateway, operator;
grant execute on function record.queue_position(uuid, text) to gateway, operator, enclave_worker;

-- `hours_due`: from the beginning of the record to the latest final hour.
create or replace view released.account_status as
  select coalesce(account.account_id, status.account_id) as account_id, account.owner_id,
    account.venue, account.state, account.state_code, status.last_hour, status.code, status.code_at,
    case when final_to is null then coalesce(status.hours_missing, 0)
      else greatest(0, extract(epoch from final_to - coalesce(last_hour + interval '1 hour',
        date_trunc('hour', history_from, 'UTC')))::integer / 3600) end as hours_missing,
    coalesce(status.syncing, false)
      or exists (select from record.intake where intake.account_id = account.account_id) as syncing,
    status.updated_at,
    case when final_to is not null then greatest(0,
      extract(epoch from final_to - date_trunc('hour', history_from, 'UTC'))::integer / 3600)
      end as hours_due,
    (select coverage from record.hourly_return stated
     where stated.account_id = account.account_id
     order by hour desc, sequence desc limit 1) as coverage,
    record.queue_position(account.account_id, account.venue) as queue_position
  from (
    select account_id, owner_id, venue, state, state_code, history_from from record.account
    union all
    select account_id, owner_id, venue, 'connecting', null, history_from from record.intake
      where account_id not in (select account_id from record.account)
    union all
    select account_id, owner_id, null, null, null, null
    from record.handed_in join record.account_status using (account_id)
      where account_id not in (select account_id from record.account)
        and account_id not in (select account_id from record.intake)
  ) account full join record.account_status status on status.account_id = account.account_id
    left join record.venue_hour on venue_hour.venue = account.venue and state <> 'connecting';
