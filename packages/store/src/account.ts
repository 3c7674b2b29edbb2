// Accounts, what was handed in for them, and where their record stands. Every instant is ms UTC.

import type { Code } from '@track-record/errors';
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { insertion, insertRows, type Database, type Row } from './rows.ts';

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
/** What it leaves out is as it is before the first hour. */
export type NewStatus = Partial<AccountStatus> &
  Pick<AccountStatus, 'accountId' | 'syncing' | 'updatedAt'>;

/**
 * What the door says of an account to its owner; `connecting` until the worker has tried the
 * credentials.
 */
export interface OwnedAccountStatus {
  readonly accountId: string;
  readonly ownerId: string;
  readonly state: string;
  readonly lastHour: number | null;
  readonly hoursMissing: number;
  /** What keeps the record from going on: of the account, else of the last attempt. */
  readonly code: string | null;
  readonly syncing: boolean;
  /** From the beginning of the record to the latest final hour; null before the venue was seen. */
  readonly hoursDue: number | null;
  readonly coverage: string | null;
  readonly queuePosition: number | null;
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

/** Whose record would be doubled by a new one of `ownerId` for this venue account; null: none. */
export async function ownerOfRecord(
  db: Kysely<Database>,
  venueAccountHash: string,
  ownerId: string,
): Promise<string | null> {
  const found = await sql<{ id: string | null }>`
    select record.owner_of_record(${venueAccountHash}, ${ownerId}) as id`.execute(db);
  return found.rows[0]?.id ?? null;
}

/** Of an active account: what an owner or an operator has decided meanwhile stays. */
export async function setAccountState(
  db: Kysely<Database>,
  accountId: string,
  state: AccountStateName,
  code: Code | null,
): Promise<void> {
  await sql`
    update record.account set state = ${state}, state_code = ${code}
    where account_id = ${accountId} and state = 'active'`.execute(db);
}

/** Whether there was one, and one with this envelope where one is named. */
export async function deleteIntake(
  db: Kysely<Database>,
  accountId: string,
  sealed: Uint8Array | null = null,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from record.intake
    where account_id = ${accountId} and sealed = coalesce(${sealed}, sealed)`.execute(db);
  return numAffectedRows === 1n;
}

/**
 * Makes room for new ones, which open again what stopped because of the old ones or without any.
 * False when the account stays stopped, because an operator has stopped it.
 */
export async function replaceCredentials(
  db: Kysely<Database>,
  accountId: string,
): Promise<boolean> {
  await sql`delete from record.credential where account_id = ${accountId}`.execute(db);
  const { numAffectedRows } = await sql`
    update record.account set state = 'active', state_code = null
    where account_id = ${accountId} and (state in ('active', 'closed')
      or state = 'paused' and state_code <> 'ACCOUNT_PAUSED')`.execute(db);
  return numAffectedRows === 1n;
}

/** What one pass of the dispatcher finds at a venue. */
export interface VenueHour {
  readonly venue: string;
  /** The queue that the accounts' jobs wait in. */
  readonly queue: string;
  /** The end of its last final hour. */
  readonly finalTo: number;
  /** Since when that hour is final. */
  readonly finalForMs: number;
  readonly at: number;
}

/**
 * Each account has its own moment in the time after an hour has become final, so that a venue does
 * not see all of them at once.
 */
export const SPREAD_MS = 480_000;
/** Jobs that wait at one venue: about a minute of one worker's work, and what a pass can insert. */
export const WAITING_MAX = 20_000;
/** They take minutes: no more wait than a pass a minute keeps busy. */
export const BACKFILLS_WAITING_MAX = 200;

/**
 * Active accounts whose last final hour is missing and due: at the account's own moment, or at once
 * when an earlier hour is missing too. The longest behind come first, and no more than the queue
 * has room for. Also notes where the venue's final hours end.
 */
export async function dueAccounts(
  db: Kysely<Database>,
  { venue, queue, finalTo, finalForMs, at }: VenueHour,
): Promise<readonly string[]> {
  await sql`
    insert into record.venue_hour values (${venue}, ${new Date(finalTo)}, ${new Date(at)})
    on conflict (venue) do update
    set final_to = excluded.final_to, dispatched_at = excluded.dispatched_at`.execute(db);
  const found = await sql<{ accountId: string }>`
    select account_id as "accountId"
    from record.account join record.account_status using (account_id)
    where state = 'active' and venue = ${venue}
      and (last_hour < ${new Date(finalTo)}::timestamptz - interval '2 hours'
        or (last_hour < ${new Date(finalTo)}::timestamptz - interval '1 hour'
          and mod(hashtextextended(account_id::text, 0) & x'7fffffff'::bigint, ${SPREAD_MS})
            <= ${finalForMs}))
      and ${isIdle(queue)}
    order by last_hour ${room(queue, WAITING_MAX)}`.execute(db);
  return found.rows.map((row) => row.accountId);
}

/**
 * Active accounts without any hour, an owner's second one after every owner's first: whoever
 * connects thousands delays nobody else.
 */
export async function newAccounts(
  db: Kysely<Database>,
  { venue, queue }: Pick<VenueHour, 'venue' | 'queue'>,
): Promise<readonly string[]> {
  const found = await sql<{ accountId: string }>`
    select account_id as "accountId"
    from record.account left join record.account_status using (account_id)
    where state = 'active' and venue = ${venue} and last_hour is null and ${isIdle(queue)}
    order by row_number() over (partition by owner_id order by connected_at), account_id
    ${room(queue, BACKFILLS_WAITING_MAX)}`.execute(db);
  return found.rows.map((row) => row.accountId);
}

/** That no job of the account waits or runs there. */
function isIdle(queue: string): RawBuilder<unknown> {
  return sql`account_id::text not in (select singleton_key from pgboss.job_common
    where name = ${queue} and state < 'completed' and singleton_key is not null)`;
}

function room(queue: string, waitingMax: number): RawBuilder<unknown> {
  return sql`limit greatest(0, ${waitingMax} - (select count(*) from pgboss.job_common
    where name = ${queue} and state < 'active'))`;
}

/** Whether an operator holds the queue back. */
export async function isHeld(db: Kysely<Database>, queue: string): Promise<boolean> {
  const held = await sql`select from record.queue_hold where queue = ${queue}`.execute(db);
  return held.rows.length > 0;
}

export async function saveStatus(db: Kysely<Database>, status: NewStatus): Promise<void> {
  await statusSaving(status).execute(db);
}

export function statusSaving(status: NewStatus): RawBuilder<unknown> {
  const replace = `on conflict (account_id) do update set last_hour = excluded.last_hour,
    code = excluded.code, code_at = excluded.code_at, hours_missing = excluded.hours_missing,
    syncing = excluded.syncing, updated_at = excluded.updated_at`;
  const none = { lastHour: null, code: null, codeAt: null, hoursMissing: 0 };
  return insertion('record.account_status', [{ ...none, ...status }], replace);
}

/** All accounts of these owners, by account id. */
export async function accountStatuses(
  db: Kysely<Database>,
  ownerIds: readonly string[],
): Promise<readonly OwnedAccountStatus[]> {
  const found = await sql<OwnedAccountStatus>`
    select account_id as "accountId", owner_id as "ownerId", coalesce(state, 'refused') as state,
      last_hour as "lastHour", hours_missing as "hoursMissing",
      coalesce(state_code, code) as code, syncing, hours_due as "hoursDue", coverage,
      queue_position as "queuePosition"
    from released.account_status where owner_id = any(${ownerIds}::uuid[])
    order by account_id`.execute(db);
  return found.rows;
}
