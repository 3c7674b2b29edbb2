// What the door shows of the record: what was released of it, page by page, and no page before it
// is asked for. A reader that is slow holds neither a connection nor more than a page, and what is
// released meanwhile does not show, because a reading names the statement it ends with.

import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { StatementRow } from './published.ts';
import { columns, type Database, type Row } from './rows.ts';

/** A page: small for who reads no further, then larger for who does; about 100 kB of rows. */
const HOURS_PER_PAGE = { first: 128, most: 512 };
/** A statement is a few kB, and clients take messages of 4 MiB by default. */
const STATEMENTS_PER_PAGE = 32;

/** Hours in [fromMs, toMs) as statements numbered from `fromSequence` to `head` have them. */
export interface ReleasedWindow {
  readonly accountId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly fromSequence: number;
  readonly head: number;
}

/** `hash`: of the statement that holds for the hour. */
export interface StatedHourRow extends Row<'record.hourly_return'> {
  readonly hash: Uint8Array;
}

/**
 * The number of the account's last released statement, -1 before the first; null when there is no
 * such account of this owner. Owner null: whoever owns it.
 */
export async function headOf(
  db: Kysely<Database>,
  ownerId: string | null,
  accountId: string,
): Promise<number | null> {
  const found = await sql<{ head: number }>`
    select record.last_released(account_id) as head from record.account
    where account_id = ${accountId} and owner_id = coalesce(${ownerId}, owner_id)`.execute(db);
  return found.rows[0]?.head ?? null;
}

/** Each hour as its latest statement up to `head` has it, oldest first. */
export async function* hourPages(
  db: Kysely<Database>,
  { accountId, fromMs, toMs, head }: ReleasedWindow,
): AsyncGenerator<readonly StatedHourRow[]> {
  let from = fromMs;
  for (let size = HOURS_PER_PAGE.first; ; size = Math.min(2 * size, HOURS_PER_PAGE.most)) {
    const { rows } = await sql<StatedHourRow>`
      select ${columns('record.hourly_return')}, hash from (
        select distinct on (hour) * from record.hourly_return
        where account_id = ${accountId} and sequence <= ${head}
          and hour >= ${instant(from)} and hour < ${instant(toMs)}
        order by hour, sequence desc limit ${size}
      ) latest join (select account_id, sequence, hash from record.statement) statement
        using (account_id, sequence)
      order by latest.hour`.execute(db);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < size) return;
    from = last.hour + 1;
  }
}

export type SignedRow = Pick<StatementRow, 'sequence' | 'body' | 'signature'>;

/** By sequence. */
export async function* statementPages(
  db: Kysely<Database>,
  { accountId, fromMs, toMs, fromSequence, head }: ReleasedWindow,
): AsyncGenerator<readonly SignedRow[]> {
  let next = fromSequence;
  for (;;) {
    const { rows } = await sql<SignedRow>`
      select sequence, body, signature from record.statement
      where account_id = ${accountId} and sequence between ${next} and ${head}
        and hour >= ${instant(fromMs)} and hour < ${instant(toMs)}
      order by sequence limit ${STATEMENTS_PER_PAGE}`.execute(db);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < STATEMENTS_PER_PAGE) return;
    next = last.sequence + 1;
  }
}

/** When due hours were last looked for, ms UTC by the worker's clock; null: not yet. */
export async function lastDispatch(db: Kysely<Database>): Promise<number | null> {
  const found = await sql<{ at: number | null }>`
    select max(dispatched_at) as at from record.venue_hour`.execute(db);
  return found.rows[0]?.at ?? null;
}

/** Also of the year 10000, which has no text that both sides write alike. */
function instant(ms: number): RawBuilder<unknown> {
  return sql`to_timestamp(${ms}::float8 / 1000)`;
}
