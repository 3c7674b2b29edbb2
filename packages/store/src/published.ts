// What was published about an account: signed statements and their hours. Nothing here changes or
// removes a row, and the database would refuse it.

import { sql, type Kysely } from 'kysely';
import { columns, insertRows } from './rows.ts';
import type { Database, Row } from './tables.ts';

const STATEMENTS_PER_PAGE = 1_000;

/**
 * `previous`: hash of the statement numbered before, null for the first. `restates`: of the
 * corrected one.
 */
export type StatementRow = Row<'record.statement'>;
/** `return` and `coverage` keep the statement's digits. */
export type HourlyReturnRow = Row<'record.hourly_return'>;
/** `hash`: of the statement that holds for the hour. */
export interface StatedHourRow extends HourlyReturnRow {
  readonly hash: Buffer;
}

export async function insertStatements(
  db: Kysely<Database>,
  rows: readonly StatementRow[],
): Promise<void> {
  await insertRows(db, 'record.statement', rows);
}

export async function insertHourlyReturns(
  db: Kysely<Database>,
  rows: readonly HourlyReturnRow[],
): Promise<void> {
  await insertRows(db, 'record.hourly_return', rows);
}

/** What the database now holds for the sequences of `written`, in order. */
export async function readBackStatements(
  db: Kysely<Database>,
  accountId: string,
  written: readonly StatementRow[],
): Promise<readonly StatementRow[]> {
  const sequences = written.map((row) => row.sequence);
  const found = await sql<StatementRow>`
    select ${columns('record.statement')} from record.statement
    where account_id = ${accountId} and sequence = any(${sequences}::bigint[])
    order by record.statement.sequence`.execute(db);
  return found.rows;
}

/** The head of the account's chain. */
export async function lastStatement(
  db: Kysely<Database>,
  accountId: string,
): Promise<StatementRow | null> {
  const found = await sql<StatementRow>`
    select ${columns('record.statement')} from record.statement
    where account_id = ${accountId}
    order by record.statement.sequence desc limit 1`.execute(db);
  return found.rows[0] ?? null;
}

/** The statements of the hours in [from, to), by sequence, read page by page. */
export async function* loadStatements(
  db: Kysely<Database>,
  accountId: string,
  from = -Infinity,
  to = Infinity,
): AsyncGenerator<StatementRow> {
  for (let next: number | null = 0; next !== null;) {
    const found = await sql<StatementRow>`
      select ${columns('record.statement')} from record.statement
      where account_id = ${accountId} and sequence >= ${next}
        and hour >= ${instant(from)}::timestamptz and hour < ${instant(to)}::timestamptz
      order by record.statement.sequence limit ${STATEMENTS_PER_PAGE}`.execute(db);
    yield* found.rows;
    const last = found.rows.at(STATEMENTS_PER_PAGE - 1);
    next = last === undefined ? null : last.sequence + 1;
  }
}

/** The hours in [from, to), each as its latest statement has it, oldest first. */
export async function hourlyReturns(
  db: Kysely<Database>,
  accountId: string,
  from: number,
  to: number,
): Promise<readonly StatedHourRow[]> {
  const found = await sql<StatedHourRow>`
    select ${columns('record.hourly_return')}, hash from (
      select distinct on (hour) * from record.hourly_return
      where account_id = ${accountId}
        and hour >= ${instant(from)}::timestamptz and hour < ${instant(to)}::timestamptz
      order by hour, sequence desc
    ) latest join (select account_id, sequence, hash from record.statement) statement
      using (account_id, sequence)
    order by latest.hour`.execute(db);
  return found.rows;
}

function instant(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : String(ms);
}
