-- A worker that holds a master key and the one before it seals each root again, row by row; and an
-- owner may have an account forgotten.

-- The rows stay; what seals them and how may change.
grant update (key_id, envelope) on record.account_key, record.sentinel to enclave_worker;

-- How far a rotation is: what each master key still seals.
create view operator.master_key as
  select key_id, sum(accounts)::bigint as accounts, bool_or(seals_record) as seals_record
  from (
    select key_id, 1 as accounts, false as seals_record from record.account_key
    union all
    select key_id, 0, true from record.sentinel
  ) sealed group by key_id;
grant select on operator.master_key to operator;

-- Destroys the root of the account's keys: nothing that was sealed for it opens again, here or in
-- the append-only tables. What was published of it stays.
create function gateway.forget_account(p_account uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from record.intake where account_id = p_account;
  if not found and not exists (select from record.account where account_id = p_account) then
    perform record.refuse('ACCOUNT_UNKNOWN');
  end if;
  delete from record.account_key where account_id = p_account;
  delete from record.credential where account_id = p_account;
  update record.account set state = 'closed', state_code = null where account_id = p_account;
end
$$;

revoke all on function gateway.forget_account(uuid) from public;
grant execute on function gateway.forget_account(uuid) to gateway;
