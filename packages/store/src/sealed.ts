// Rows whose content only the worker can read. The store moves envelopes; what they are bound to,
// and whether they open, is the business of sealing and of the caller.

import { RecordError } from '@track-record/errors';
import { sql, type Kysely } from 'kysely';
import { columns, insertRows } from './rows.ts';
import type { Database, NewRow } from './tables.ts';

/** The root of the account's keys. */
export type SealedAccountKey = NewRow<'record.account_key'>;
export type SealedCredential = NewRow<'record.credential'>;
/** A run of the account's journal: sequences start at 1, both ends are inside. */
export type SealedSegment = NewRow<'record.sealed_segment'>;
/** Version 1 at first; each write names the next one. */
export type SealedState = NewRow<'record.sealed_state'>;
export type Sentinel = NewRow<'record.sentinel'>;

export async function insertAccountKey(
  db: Kysely<Database>,
  accountKey: SealedAccountKey,
): Promise<void> {
  await insertRows(db, 'record.account_key', [accountKey]);
}

/** Null once it was destroyed. */
export async function loadAccountKey(
  db: Kysely<Database>,
  accountId: string,
): Promise<SealedAccountKey | null> {
  const found = await sql<SealedAccountKey>`
    select ${columns('record.account_key')} from record.account_key
    where account_id = ${accountId}`.execute(db);
  return found.rows[0] ?? null;
}

export async function insertCredential(
  db: Kysely<Database>,
  credential: SealedCredential,
): Promise<void> {
  await insertRows(db, 'record.credential', [credential]);
}

export async function loadCredentials(
  db: Kysely<Database>,
  accountId: string,
): Promise<readonly SealedCredential[]> {
  const found = await sql<SealedCredential>`
    select ${columns('record.credential')} from record.credential
    where account_id = ${accountId} order by field`.execute(db);
  return found.rows;
}

/** One by one: a segment may be megabytes. */
export async function insertSegments(
  db: Kysely<Database>,
  segments: readonly SealedSegment[],
): Promise<void> {
  for (const segment of segments) await insertRows(db, 'record.sealed_segment', [segment]);
}

/** The segments that hold `fromSequence` or a later one, in order. */
export async function loadSegments(
  db: Kysely<Database>,
  accountId: string,
  fromSequence: number,
): Promise<readonly SealedSegment[]> {
  const found = await sql<SealedSegment>`
    select ${columns('record.sealed_segment')} from record.sealed_segment
    where account_id = ${accountId} and last_sequence >= ${fromSequence}
    order by first_sequence`.execute(db);
  return found.rows;
}

export async function loadState(
  db: Kysely<Database>,
  accountId: string,
): Promise<SealedState | null> {
  const found = await sql<SealedState>`
    select ${columns('record.sealed_state')} from record.sealed_state
    where account_id = ${accountId}`.execute(db);
  return found.rows[0] ?? null;
}

/** Replaces the version before `state.version`; STORE_CONFLICT when that is not the stored one. */
export async function saveState(db: Kysely<Database>, state: SealedState): Promise<void> {
  const { accountId, version, keyId, envelope } = state;
  const result =
    version === 1
      ? await sql`
          insert into record.sealed_state (account_id, version, key_id, envelope)
          values (${accountId}, 1, ${keyId}, ${envelope}) on conflict do nothing`.execute(db)
      : await sql`
          update record.sealed_state
          set version = ${version}, key_id = ${keyId}, envelope = ${envelope}, updated_at = now()
          where account_id = ${accountId} and version = ${version - 1}`.execute(db);
  if (result.numAffectedRows !== 1n) throw new RecordError('STORE_CONFLICT');
}

/** A unique violation (STORE_CONFLICT) when another worker sealed the first sentinel meanwhile. */
export async function saveSentinel(db: Kysely<Database>, sentinel: Sentinel): Promise<void> {
  await insertRows(db, 'record.sentinel', [sentinel]);
}

export async function loadSentinel(db: Kysely<Database>): Promise<Sentinel | null> {
  const found = await sql<Sentinel>`
    select ${columns('record.sentinel')} from record.sentinel`.execute(db);
  return found.rows[0] ?? null;
}
