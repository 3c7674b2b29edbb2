-- What an operator may see: the state of queues, jobs and accounts. No payload, no output but its
-- code, nothing sealed and nothing published.

create schema operator;
revoke all on schema operator from public;
grant usage on schema operator to operator;

-- Live jobs only: finished ones may number in the millions, and a console must not count them at
-- each refresh.
create view operator.queue as
  select queue.name, queue.policy, queue.dead_letter, queue.retry_limit, queue.expire_seconds,
    count(*) filter (where state in ('created', 'retry') and start_after <= now()) as ready,
    count(*) filter (where state in ('created', 'retry') and start_after > now()) as deferred,
    count(*) filter (where state = 'active') as active,
    count(*) filter (where state = 'failed') as failed,
    min(job.created_on) filter (where state in ('created', 'retry') and start_after <= now())
      as oldest_ready
  from pgboss.queue left join pgboss.job_common job
    on job.name = queue.name and job.state in ('created', 'retry', 'active', 'failed')
  group by queue.name;

create view operator.job as
  select id, name, state::text as state, priority, retry_count, retry_limit,
    output ->> 'code' as code, source_name, source_output ->> 'code' as source_code, created_on,
    start_after, started_on, completed_on
  from pgboss.job_common;

create view operator.account as
  select account.account_id, account.venue, account.state, account.state_code, account.connected_at,
    status.last_hour, status.code, status.code_at, status.hours_missing, status.syncing,
    status.updated_at
  from record.account left join record.account_status status using (account_id);

grant select on all tables in schema operator to operator;
