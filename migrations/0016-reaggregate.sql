-- The operator's way to derive an account's hours again after a defect was mended.

alter table record.operator_action drop constraint operator_action_action_check;
alter table record.operator_action add constraint operator_action_action_check check (action in
  ('retry', 'cancel', 'drain', 'undrain', 'redrive', 'pause', 'resume', 'reaggregate'));

-- Returns the job, new or there already. ACCOUNT_UNKNOWN; ACCOUNT_PAUSED when it is not active.
create function operator.reaggregate_account(p_account uuid, p_reason text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  job uuid;
begin
  if not exists (select from record.account where account_id = p_account) then
    perform record.refuse('ACCOUNT_UNKNOWN');
  elsif not record.accepts_work('reaggregate-account', p_account) then
    perform record.refuse('ACCOUNT_PAUSED');
  end if;
  job := record.enqueue('reaggregate-account', p_account,
    jsonb_build_object('accountId', p_account));
  perform record.note_action('reaggregate', 'reaggregate-account', job, p_account, 1, p_reason);
  return job;
end
$$;

revoke all on function operator.reaggregate_account(uuid, text) from public;
grant execute on function operator.reaggregate_account(uuid, text) to operator;
