-- The queue's tables belong to pg-boss; here are only the worker's rights on them and two guards.
-- Payload and output columns are readable by whoever reads the database, so that a mistake in a
-- handler must not be able to write a venue's answer, a signed URL or a key into them. A rewrite,
-- not a constraint: a refused row would leave its job active and would print the secret into the
-- server's log.

-- pg-boss as worker, supervisor and scheduler; no DDL, so it runs with migrate: false.
grant usage on schema pgboss to enclave_worker;
grant select on all tables in schema pgboss to enclave_worker;
grant insert, update, delete on
  pgboss.job, pgboss.job_common, pgboss.job_dependency, pgboss.schedule to enclave_worker;
grant insert, update on pgboss.queue to enclave_worker;
grant insert, delete on pgboss.warning to enclave_worker;
grant update on pgboss.version to enclave_worker;
-- Its maintenance looks for dead instances, although none registers here.
grant update, delete on pgboss.instance to enclave_worker;

-- Every job makes two dead rows; the defaults (a fifth of the table) let them pile up (queue.md
-- 5.10).
alter table pgboss.job_common set (
  autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_limit = 2000
);

create function record.is_code(value jsonb) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
return jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^[A-Z][A-Z_]{1,39}$';

create function record.is_count(value jsonb) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp
return jsonb_typeof(value) = 'number' and value #>> '{}' ~ '^[0-9]{1,15}$';

-- A job's result: a code and counts. pg-boss's own texts become codes.
create function record.safe_output(output jsonb) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  own_text text :=
    coalesce(output -> 'value' ->> 'message', output ->> 'value', output ->> 'message');
begin
  if output is null then
    return null;
  end if;
  if jsonb_typeof(output) = 'object' and not exists (
    select from jsonb_each(output) as field (key, value) where not case
      when key = 'code' then record.is_code(value)
      when key in ('pages', 'rows', 'ms', 'hours', 'http', 'retryAfter') then record.is_count(value)
      else false end
  ) then
    return output;
  end if;
  return jsonb_build_object('code', case
    when own_text = 'job timed out' then 'JOB_TIMED_OUT'
    when own_text = 'job heartbeat timeout' then 'JOB_HEARTBEAT_LOST'
    when own_text = 'pg-boss shut down while active' then 'JOB_SHUT_DOWN'
    when own_text ~ '^handler execution exceeded [0-9]+s$' then 'JOB_TIMED_OUT'
    when output ->> 'reason' = 'redrive_conflict' then 'REDRIVE_CONFLICT'
    else 'UNSAFE_OUTPUT' end);
end
$$;

-- A job's payload: ids and hours. What is not becomes an object that every queue's schema refuses,
-- so that the job fails in sight instead of carrying text.
create function record.safe_payload(payload jsonb) returns jsonb
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if payload is null then
    return null;
  end if;
  if jsonb_typeof(payload) = 'object' and not exists (
    select from jsonb_each(payload) as field (key, value) where not case key
      when 'accountId' then jsonb_typeof(value) = 'string' and value #>> '{}'
        ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
      when 'hour' then jsonb_typeof(value) = 'string' and value #>> '{}'
        ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:00:00(\.000)?Z$'
      when 'kind' then jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^[a-z][a-z-]{0,39}$'
      when 'v' then record.is_count(value)
      else false end
  ) then
    return payload;
  end if;
  return '{"code": "UNSAFE_PAYLOAD"}';
end
$$;

create function record.guard_job() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.output := record.safe_output(new.output);
  new.source_output := record.safe_output(new.source_output);
  -- The scheduler forwards its own rows through this queue; they reach their queue as jobs guarded
  -- here.
  if new.name <> '__pgboss__send-it' then
    new.data := record.safe_payload(new.data);
  end if;
  return new;
end
$$;

create trigger guard_job
  before insert or update of name, data, output, source_output on pgboss.job_common for each row
  when (new.data is not null or new.output is not null or new.source_output is not null)
  execute function record.guard_job();
alter table pgboss.job_common enable always trigger guard_job;

revoke all on all functions in schema record from public;
grant execute on all functions in schema record to enclave_worker;
