-- Claims: what an owner asks the worker to prove of a record without showing its hours, and what the
-- worker answered, once.

create table record.claim (
  claim_id uuid primary key,
  account_id uuid not null references record.account,
  -- As jobs/prove-claim reads it: the period, and metrics with their bounds.
  request text not null check (octet_length(request) <= 2000),
  requested_at timestamptz not null default now(),
  -- The signed claim, or why there is none.
  body bytea,
  signature bytea,
  code record.code,
  check ((body is null) = (signature is null) and (body is null or code is null))
);
create index claim_account on record.claim (account_id, requested_at);

create function record.keep_answer() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if old.body is not null or old.code is not null then
    raise exception using errcode = 'restrict_violation', message = 'append-only';
  end if;
  return new;
end
$$;
create trigger keep_answer before update or delete on record.claim for each row
  execute function record.keep_answer();
alter table record.claim enable always trigger keep_answer;
grant select, update (body, signature, code) on record.claim to enclave_worker;

create view released.claim as
  select claim_id, account_id, body, signature, code from record.claim;
grant select on released.claim to gateway;

-- Returns the job that answers. Each answer says one thing about the record, so that they are
-- rationed. ACCOUNT_UNKNOWN, CLAIM_RATIONED, STORE_CONFLICT.
create function gateway.request_claim(p_claim uuid, p_account uuid, p_request jsonb) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if p_claim is null or p_request is null or octet_length(p_request::text) > 2000 then
    perform record.refuse('ARGUMENT_INVALID');
  end if;
  perform from record.account where account_id = p_account for update;
  if not found then
    perform record.refuse('ACCOUNT_UNKNOWN');
  end if;
  if (select count(*) from record.claim
    where account_id = p_account and requested_at > now() - interval '1 day') >= 20
  then
    perform record.refuse('CLAIM_RATIONED');
  end if;
  insert into record.claim (claim_id, account_id, request)
  values (p_claim, p_account, p_request::text) on conflict do nothing;
  if not found then
    perform record.refuse('STORE_CONFLICT');
  end if;
  return record.enqueue('prove-claim', p_account, jsonb_build_object('accountId', p_account));
end
$$;

revoke all on function gateway.request_claim(uuid, uuid, jsonb), record.keep_answer() from public;
grant execute on function gateway.request_claim(uuid, uuid, jsonb) to gateway;
grant execute on function record.keep_answer() to enclave_worker;
