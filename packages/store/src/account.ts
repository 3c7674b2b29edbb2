// Accounts, what was handed in for them, and where their record stands. Every instant is ms UTC.

import type { Code } from '@track-record/errors';
import { sql, type Kysely, type Transaction } from 'kysely';
import { insertRows, type Database, type Row } from './rows.ts';

export type AccountStateName = 'active' | 'paused' | 'quarantined' | 'closed';

/**
 * `venueAccountHash`: keyed hash of the venue's own account id, hex. `state` is an
 * AccountStateName.
 */
export type Account = Row<'record.account'>;
export type NewAccount = Omit<Account, 'state' | 'stateCode'>;
/**
 * What a gateway handed in; `reportingCurrency` null leaves the choice to the venue's quote
 * currency.
 */
export type Intake = Row<'record.intake'>;
/**
 * `lastHour`: start of the last signed hour. `code`: why the last attempt failed; null after a
 * success.
 */
type AccountStatus = Row<'record.account_status'>;

/**
 * What the door says of an account to its owner; `connecting` until the worker has tried the
 * credentials.
 */
export interface OwnedAccountStatus {
  readonly accountId: string;
  readonly state: string;
  readonly lastHour: number | null;
  readonly hoursMissing: number;
  /** What keeps the record from going on: of the account, else of the last attempt. */
  readonly code: string | null;
  readonly syncing: boolean;
}

/** One writer per account until the transaction ends. */
export async function lockAccount(trx: Transaction<Database>, accountId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${accountId}, 0))`.execute(trx);
}

/** False when the account, or another one of the same venue account, is there already. */
export async function insertAccount(db: Kysely<Database>, account: NewAccount): Promise<boolean> {
  const row: Account = { ...account, state: 'active', stateCode: null };
  return (await insertRows(db, 'record.account', [row], 'on conflict do nothing')) === 1;
}

export async function setAccountState(
  db: Kysely<Database>,
  accountId: string,
  state: AccountStateName,
  code: Code | null,
): Promise<void> {
  await sql`
    update record.account set state = ${state}, state_code = ${code}
    where account_id = ${accountId}`.execute(db);
}

export async function deleteIntake(db: Kysely<Database>, accountId: string): Promise<void> {
  await sql`delete from record.intake where account_id = ${accountId}`.execute(db);
}

/**
 * Active accounts of a venue without the hour that starts at `hour`; the longest behind come first.
 */
export async function dueAccounts(
  db: Kysely<Database>,
  venue: string,
  hour: number,
): Promise<readonly string[]> {
  const found = await sql<{ accountId: string }>`
    select account_id as "accountId"
    from record.account left join record.account_status using (account_id)
    where state = 'active' and venue = ${venue}
      and (last_hour is null or last_hour < ${new Date(hour)})
    order by last_hour nulls first`.execute(db);
  return found.rows.map((row) => row.accountId);
}

/** What `status` leaves out is as it is before the first hour. */
export async function saveStatus(
  db: Kysely<Database>,
  status: Partial<AccountStatus> & Pick<AccountStatus, 'accountId' | 'syncing' | 'updatedAt'>,
): Promise<void> {
  const replace = `on conflict (account_id) do update set last_hour = excluded.last_hour,
    code = excluded.code, code_at = excluded.code_at, hours_missing = excluded.hours_missing,
    syncing = excluded.syncing, updated_at = excluded.updated_at`;
  const none = { lastHour: null, code: null, codeAt: null, hoursMissing: 0 };
  await insertRows(db, 'record.account_status', [{ ...none, ...status }], replace);
}

/** All accounts of the owner, or one of them; an account of another owner is absent. */
export async function accountStatuses(
  db: Kysely<Database>,
  ownerId: string,
  accountId: string | null,
): Promise<readonly OwnedAccountStatus[]> {
  const found = await sql<OwnedAccountStatus>`
    select account_id as "accountId", state, last_hour as "lastHour",
      hours_missing as "hoursMissing", coalesce(state_code, code) as code, syncing
    from released.account_status
    where owner_id = ${ownerId} and account_id = coalesce(${accountId}, account_id)
    order by account_id`.execute(db);
  return found.rows;
}
