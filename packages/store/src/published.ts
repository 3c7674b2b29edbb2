// What was published about an account: signed statements and their hours. Nothing here changes or
// removes a row, and the database would refuse it.

import { sql, type Kysely } from 'kysely';
import { columns, selectRows, type Database, type Row } from './rows.ts';

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
  readonly hash: Uint8Array;
}

/** What the database now holds for the sequences of `written`, in order. */
export function readBackStatements(
  db: Kysely<Database>,
  accountId: string,
  written: readonly StatementRow[],
): Promise<readonly StatementRow[]> {
  const sequences = written.map((row) => row.sequence);
  const same = sql`where account_id = ${accountId} and sequence = any(${sequences}::bigint[])`;
  return selectRows(db, 'record.statement', sql`${same} order by sequence`);
}

/** The head of the account's chain. */
export async function lastStatement(
  db: Kysely<Database>,
  accountId: string,
): Promise<StatementRow | null> {
  const latest = sql`where account_id = ${accountId} order by sequence desc limit 1`;
  const [last] = await selectRows(db, 'record.statement', latest);
  return last ?? null;
}

/** The statements of the hours in [from, to), by sequence, read page by page. */
export async function* loadStatements(
  db: Kysely<Database>,
  accountId: string,
  from = -Infinity,
  to = Infinity,
): AsyncGenerator<StatementRow> {
  for (let next: number | null = 0; next !== null;) {
    const page: readonly StatementRow[] = await selectRows(
      db,
      'record.statement',
      sql`where account_id = ${accountId} and sequence >= ${next}
        and hour >= ${instant(from)}::timestamptz and hour < ${instant(to)}::timestamptz
        order by sequence limit ${STATEMENTS_PER_PAGE}`,
    );
    yield* page;
    const last = page.at(STATEMENTS_PER_PAGE - 1);
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
