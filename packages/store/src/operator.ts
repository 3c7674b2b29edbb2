// What an operator may read and do: the views and functions of schema `operator`, and nothing of
// the record itself. Every value is text: counts in decimal, instants as ISO 8601 UTC.

import { sql, type Kysely, type RawBuilder } from 'kysely';
import { storeFailure } from './store-failure.ts';
import type { Database } from './rows.ts';

type Text = string | null;

/** Jobs of one queue that have not ended well. */
export interface QueueDepth {
  readonly name: string;
  readonly ready: string;
  /** Waiting for their next attempt. */
  readonly deferred: string;
  readonly active: string;
  readonly failed: string;
  readonly oldestReady: Text;
  /** An operator holds the queue back. */
  readonly held: boolean;
}

/** Every queue by name. STORE_UNAVAILABLE, here and below. */
export function queueDepths(db: Kysely<Database>): Promise<readonly QueueDepth[]> {
  return rowsOf(
    db,
    sql`select name, ready::text, deferred::text, active::text, failed::text,
      ${iso('oldest_ready')} as "oldestReady", held from operator.queue order by name`,
  );
}

/** A venue's hours, and how far its accounts are behind them. */
export interface VenueDepth {
  readonly venue: string;
  /** Hours before are final; null until the dispatcher has looked. */
  readonly finalTo: Text;
  readonly dispatchedAt: Text;
  readonly active: string;
  /** Paused or quarantined. */
  readonly stopped: string;
  /** Final hours that active accounts lack. */
  readonly hoursMissing: string;
  /** The same of accounts that are stopped. */
  readonly hoursWithheld: string;
  readonly accountsBehind: string;
}

export function venueDepths(db: Kysely<Database>): Promise<readonly VenueDepth[]> {
  return rowsOf(
    db,
    sql`select venue, ${iso('final_to')} as "finalTo", ${iso('dispatched_at')} as "dispatchedAt",
      active::text, stopped::text, hours_missing::text as "hoursMissing",
      hours_withheld::text as "hoursWithheld", accounts_behind::text as "accountsBehind"
      from operator.venue order by venue`,
  );
}

export interface JobRow {
  readonly id: string;
  readonly queue: string;
  readonly state: string;
  /** Attempts begun, and allowed. */
  readonly attempts: string;
  readonly attemptsMax: string;
  readonly code: Text;
  readonly accountId: Text;
  readonly createdAt: string;
  readonly startAfter: string;
  readonly startedAt: Text;
  readonly heartbeatAt: Text;
  readonly endedAt: Text;
  /** Of a dead letter: the queue it came from, and why it failed there. */
  readonly sourceQueue: Text;
  readonly sourceCode: Text;
}

export interface JobFilter {
  readonly queue: string | null;
  readonly state: string | null;
  readonly accountId: string | null;
  readonly code: string | null;
  readonly limit: number;
}

const jobColumns = sql`id::text, name as queue, state,
  (retry_count + case when started_on is null then 0 else 1 end)::text as attempts,
  (retry_limit + 1)::text as "attemptsMax", code, account_id::text as "accountId",
  ${iso('created_on')} as "createdAt", ${iso('start_after')} as "startAfter",
  ${iso('started_on')} as "startedAt", ${iso('heartbeat_on')} as "heartbeatAt",
  ${iso('completed_on')} as "endedAt", source_name as "sourceQueue", source_code as "sourceCode"`;

/** Without a state: every job that has not ended well. The newest come first. */
export function listJobs(db: Kysely<Database>, filter: JobFilter): Promise<readonly JobRow[]> {
  const { queue, state, accountId, code, limit } = filter;
  return rowsOf(
    db,
    sql`select ${jobColumns} from operator.job
      where name not like '\\_\\_pgboss\\_\\_%' and name = coalesce(${queue}, name)
        and case when ${state}::text is null
          then state in ('created', 'retry', 'active', 'failed') else state = ${state} end
        and (${accountId}::uuid is null or account_id = ${accountId})
        and (${code}::text is null or coalesce(code, source_code) = ${code})
      order by created_on desc, id limit ${limit}`,
  );
}

export async function findJob(db: Kysely<Database>, id: string): Promise<JobRow | null> {
  const found = sql`select ${jobColumns} from operator.job where id = ${id}`;
  return (await rowsOf<JobRow>(db, found))[0] ?? null;
}

export interface AccountRow {
  readonly accountId: string;
  readonly venue: string;
  readonly state: string;
  /** Why it is not active, or why the last attempt failed. */
  readonly code: Text;
  readonly codeAt: Text;
  readonly connectedAt: string;
  readonly historyFrom: string;
  /** Start of the last signed hour. */
  readonly lastHour: Text;
  readonly hoursMissing: string;
  readonly syncing: boolean;
  readonly updatedAt: Text;
}

export interface AccountFilter {
  readonly accountId: string | null;
  readonly venue: string | null;
  readonly state: string | null;
  /** Only those that miss an hour, the longest behind first. */
  readonly behind: boolean;
  readonly limit: number;
}

export function listAccounts(
  db: Kysely<Database>,
  filter: AccountFilter,
): Promise<readonly AccountRow[]> {
  const { accountId, venue, state, behind, limit } = filter;
  return rowsOf(
    db,
    sql`select account_id::text as "accountId", venue, state,
      coalesce(state_code, code)::text as code, ${iso('code_at')} as "codeAt",
      ${iso('connected_at')} as "connectedAt", ${iso('history_from')} as "historyFrom",
      ${iso('last_hour')} as "lastHour", hours_missing::text as "hoursMissing", syncing,
      ${iso('updated_at')} as "updatedAt"
      from operator.account
      where (${accountId}::uuid is null or account_id = ${accountId})
        and venue = coalesce(${venue}, venue) and state = coalesce(${state}, state)
        and (not ${behind}::boolean or (hours_missing > 0 and state <> 'closed'))
      order by case when ${behind} then hours_missing else 0 end desc, account_id
      limit ${limit}`,
  );
}

export interface ScheduleRow {
  readonly queue: string;
  readonly cron: string;
  readonly timezone: string;
  readonly updatedAt: string;
  readonly lastCompleted: Text;
}

export function listSchedules(db: Kysely<Database>): Promise<readonly ScheduleRow[]> {
  return rowsOf(
    db,
    sql`select name as queue, cron, timezone, ${iso('updated_on')} as "updatedAt",
      ${iso('last_completed')} as "lastCompleted" from operator.schedule order by name`,
  );
}

/** What operators did. */
export interface ActionRow {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly queue: Text;
  readonly jobId: Text;
  readonly accountId: Text;
  readonly jobs: string;
  readonly reason: string;
}

/** The newest first; of one account, of one job, or all. */
export function listActions(
  db: Kysely<Database>,
  of: { readonly accountId?: string; readonly jobId?: string },
  limit: number,
): Promise<readonly ActionRow[]> {
  const { accountId = null, jobId = null } = of;
  return rowsOf(
    db,
    sql`select ${iso('acted_at')} as at, actor, action, queue, job_id::text as "jobId",
      account_id::text as "accountId", jobs::text, reason from operator.action
      where (${accountId}::uuid is null or account_id = ${accountId})
        and (${jobId}::uuid is null or job_id = ${jobId})
      order by action_id desc limit ${limit}`,
  );
}

/** The job that now stands for it. JOB_UNKNOWN, ACCOUNT_PAUSED; ARGUMENT_INVALID here and below. */
export function retryJob(db: Kysely<Database>, id: string, reason: string): Promise<string> {
  return valueOf(db, sql`operator.retry_job(${id}, ${reason})::text`);
}

/** The state it was in. JOB_UNKNOWN. */
export function cancelJob(db: Kysely<Database>, id: string, reason: string): Promise<string> {
  return valueOf(db, sql`operator.cancel_job(${id}, ${reason})`);
}

/** Holds a queue back or lets it go, null for all; how many of its jobs still run. */
export function drain(
  db: Kysely<Database>,
  queue: string | null,
  hold: boolean,
  reason: string,
): Promise<string> {
  return valueOf(db, sql`operator.drain(${queue}, ${hold}, ${reason})::text`);
}

export interface Redriven {
  readonly redriven: string;
  /** Dismissed, because their account had a job already. */
  readonly superseded: string;
  /** Left, because their account is not active. */
  readonly skipped: string;
}

export async function redrive(
  db: Kysely<Database>,
  filter: Pick<JobFilter, 'queue' | 'code' | 'limit'>,
  reason: string,
): Promise<Redriven> {
  const { queue, code, limit } = filter;
  const [result] = await rowsOf<Redriven>(
    db,
    sql`select redriven::text, superseded::text, skipped::text
      from operator.redrive(${queue}, ${code}, ${limit}, ${reason})`,
  );
  return result ?? { redriven: '0', superseded: '0', skipped: '0' };
}

/** Dead letters that wait, by where they came from and why. */
export interface DeadLetters {
  readonly queue: string;
  readonly code: Text;
  readonly jobs: string;
}

export function deadLetters(
  db: Kysely<Database>,
  filter: Pick<JobFilter, 'queue' | 'code'>,
): Promise<readonly DeadLetters[]> {
  const { queue, code } = filter;
  return rowsOf(
    db,
    sql`select source_name as queue, source_code as code, count(*)::text as jobs from operator.job
      where state = 'created' and source_name = coalesce(${queue}, source_name)
        and (${code}::text is null or source_code = ${code})
      group by 1, 2 order by 1, 2`,
  );
}

/** How many waiting jobs were ended. ACCOUNT_UNKNOWN, ACCOUNT_PAUSED. */
export function pauseAccount(db: Kysely<Database>, id: string, reason: string): Promise<string> {
  return valueOf(db, sql`operator.pause_account(${id}, ${reason})::text`);
}

/** The job that catches up; null when it was active. ACCOUNT_UNKNOWN, KEY_UNKNOWN. */
export function resumeAccount(db: Kysely<Database>, id: string, reason: string): Promise<Text> {
  return valueOf(db, sql`operator.resume_account(${id}, ${reason})::text`);
}

/** The job that derives the account's hours again. ACCOUNT_UNKNOWN, ACCOUNT_PAUSED. */
export function reaggregateAccount(
  db: Kysely<Database>,
  id: string,
  reason: string,
): Promise<string> {
  return valueOf(db, sql`operator.reaggregate_account(${id}, ${reason})::text`);
}

/** What one address may ask of one venue; numbers are decimal strings. */
export interface VenueAllowance {
  readonly venue: string;
  readonly egress: string;
  readonly tokens: string;
  readonly closedUntil: Text;
  readonly closings: string;
  readonly admitted: string;
  readonly refused: string;
}

export function venueAllowances(db: Kysely<Database>): Promise<readonly VenueAllowance[]> {
  return rowsOf(
    db,
    sql`select venue, egress, tokens::text, ${iso('closed_until')} as "closedUntil",
      closings::text, admitted::text, refused::text
      from operator.venue_allowance order by venue, egress`,
  );
}

/** How many jobs lie in the dead letters, by the code with which they failed. */
export function deadLetterCodes(
  db: Kysely<Database>,
): Promise<readonly { readonly code: string; readonly jobs: string }[]> {
  return rowsOf(
    db,
    sql`select coalesce(source_code, 'UNKNOWN') as code, count(*)::text as jobs
      from operator.job where source_name is not null and state = 'created'
      group by source_code order by 1`,
  );
}

/** What one master key seals; the count is a decimal string. */
export interface MasterKeyUse {
  readonly keyId: string;
  readonly accounts: string;
  readonly sealsRecord: boolean;
}

/** Every master key by its id. STORE_UNAVAILABLE. */
export function masterKeys(db: Kysely<Database>): Promise<readonly MasterKeyUse[]> {
  return rowsOf(
    db,
    sql`select key_id as "keyId", accounts::text as accounts, seals_record as "sealsRecord"
      from operator.master_key order by key_id`,
  );
}

/** Who asks, what it may be, and what the database's clock says, in milliseconds UTC. */
export interface Session {
  readonly user: string;
  readonly superuser: boolean;
  readonly roles: readonly string[];
  readonly at: number;
}

export async function readSession(db: Kysely<Database>): Promise<Session> {
  const [session] = await rowsOf<Session>(
    db,
    sql`select current_user::text as user, clock_timestamp() as at,
      (select rolsuper from pg_roles where rolname = current_user) as superuser,
      array(select rolname::text from pg_roles where not rolsuper and rolname <> current_user
        and rolname in ('enclave_worker', 'gateway', 'operator')
        and pg_has_role(current_user, oid, 'member') order by 1) as roles`,
  );
  if (session === undefined) throw new Error('A query without a row source has one row.');
  return session;
}

async function rowsOf<Found>(
  db: Kysely<Database>,
  query: RawBuilder<unknown>,
): Promise<readonly Found[]> {
  try {
    return (await sql<Found>`${query}`.execute(db)).rows;
  } catch (error) {
    throw storeFailure(error);
  }
}

async function valueOf<Value>(db: Kysely<Database>, call: RawBuilder<unknown>): Promise<Value> {
  const [row] = await rowsOf<{ value: Value }>(db, sql`select ${call} as value`);
  if (row === undefined) throw new Error('A call has one row.');
  return row.value;
}

function iso(column: string): RawBuilder<unknown> {
  return sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`);
}
