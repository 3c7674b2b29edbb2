// Rows whose content only the worker can read. The store moves envelopes; what they are bound to,
// and whether they open, is the business of sealing and of the caller.

import { sql, type Kysely } from 'kysely';
import { selectRows, type Database, type Row } from './rows.ts';

export type SealedCredential = Row<'record.credential'>;
/** A run of the account's journal: sequences start at 1, both ends are inside. */
export type SealedSegment = Row<'record.sealed_segment'>;
/** Version 1 at first; each write names the next one. */
export type SealedState = Row<'record.sealed_state'>;

/** The whole journal, in order. */
export function loadSegments(
  db: Kysely<Database>,
  accountId: string,
): Promise<readonly SealedSegment[]> {
  const inOrder = sql`where account_id = ${accountId} order by first_sequence`;
  return selectRows(db, 'record.sealed_segment', inOrder);
}

/** Under which keys the roots of accounts and the record lie here, by their ids. */
export async function masterKeyIds(db: Kysely<Database>): Promise<readonly string[]> {
  const found = await sql<{ id: string }>`
    select key_id as id from record.account_key union select key_id from record.sentinel`.execute(
    db,
  );
  return found.rows.map(({ id }) => id);
}

/** The accounts whose roots lie under this key. */
export function accountKeysUnder(
  db: Kysely<Database>,
  keyId: string,
): Promise<readonly Row<'record.account_key'>[]> {
  return selectRows(db, 'record.account_key', sql`where key_id = ${keyId}`);
}

/** One statement, and so one transaction: nothing happens to a row that changed meanwhile. */
export async function replaceAccountKey(
  db: Kysely<Database>,
  { accountId, keyId, envelope }: Row<'record.account_key'>,
  before: Uint8Array,
): Promise<void> {
  await sql`
    update record.account_key set key_id = ${keyId}, envelope = ${envelope}
    where account_id = ${accountId} and envelope = ${before}`.execute(db);
}

export async function replaceSentinel(
  db: Kysely<Database>,
  { keyId, envelope }: Row<'record.sentinel'>,
  before: Uint8Array,
): Promise<void> {
  await sql`
    update record.sentinel set key_id = ${keyId}, envelope = ${envelope}
    where envelope = ${before}`.execute(db);
}

/** The record's root; null in a database that no worker has served yet. */
export async function loadSentinel(db: Kysely<Database>): Promise<Row<'record.sentinel'> | null> {
  const [sentinel] = await selectRows(db, 'record.sentinel', sql``);
  return sentinel ?? null;
}
