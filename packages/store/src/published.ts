// What was signed about an account, and what of it was released: an hour whose row is in
// `hourly_return` may be read outside with its statement, and no other. Nothing here changes or
// removes a row, and the database would refuse it.

import { sql, type Kysely } from 'kysely';
import { selectRows, type Database, type Row } from './rows.ts';

const STATEMENTS_PER_PAGE = 1_000;

/**
 * `previous`: hash of the statement numbered before, null for the first. `restates`: of the
 * corrected one. `releaseAt`: by the policy that the body signs; null before there was one.
 */
export type StatementRow = Row<'record.statement'>;
/** `return` with fewer digits than its statement, `coverage` with the same. */
export type HourlyReturnRow = Row<'record.hourly_return'>;

/** The released statements of the hours in [from, to), by sequence, read page by page. */
export async function* loadStatements(
  db: Kysely<Database>,
  accountId: string,
  from = -Infinity,
  to = Infinity,
  part: 'released' | 'all' = 'released',
): AsyncGenerator<StatementRow> {
  for (let next: number | null = 0; next !== null;) {
    const page: readonly StatementRow[] = await selectRows(
      db,
      'record.statement',
      sql`where account_id = ${accountId} and sequence >= ${next}
        and hour >= ${instant(from)}::timestamptz and hour < ${instant(to)}::timestamptz
        and (${part === 'all'} or sequence <= (select record.last_released(${accountId})))
        order by sequence limit ${STATEMENTS_PER_PAGE}`,
    );
    yield* page;
    const last = page.at(STATEMENTS_PER_PAGE - 1);
    next = last === undefined ? null : last.sequence + 1;
  }
}

/** The first statements of the account that are not released, by sequence. */
export function unreleasedStatements(
  db: Kysely<Database>,
  accountId: string,
): Promise<readonly StatementRow[]> {
  const rest = sql`where account_id = ${accountId}
    and sequence > (select record.last_released(${accountId}))
    order by sequence limit ${STATEMENTS_PER_PAGE}`;
  return selectRows(db, 'record.statement', rest);
}

/** The accounts whose first unreleased statement is due. */
export async function dueReleases(db: Kysely<Database>, at: number): Promise<readonly string[]> {
  const found = await sql<{ id: string }>`
    select record.due_releases(${new Date(at)}) as id`.execute(db);
  return found.rows.map(({ id }) => id);
}

function instant(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : String(ms);
}
