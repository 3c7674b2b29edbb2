// Rows whose content only the worker can read. The store moves envelopes; what they are bound to,
// and whether they open, is the business of sealing and of the caller.

import { RecordError } from '@track-record/errors';
import { sql, type Kysely } from 'kysely';
import { selectRows, type Database, type Row } from './rows.ts';

export type SealedCredential = Row<'record.credential'>;
/** A run of the account's journal: sequences start at 1, both ends are inside. */
export type SealedSegment = Row<'record.sealed_segment'>;
/** Version 1 at first; each write names the next one. */
export type SealedState = Row<'record.sealed_state'>;

export function loadCredentials(
  db: Kysely<Database>,
  accountId: string,
): Promise<readonly SealedCredential[]> {
  return selectRows(db, 'record.credential', sql`where account_id = ${accountId} order by field`);
}

/** The whole journal, in order. */
export function loadSegments(
  db: Kysely<Database>,
  accountId: string,
): Promise<readonly SealedSegment[]> {
  const inOrder = sql`where account_id = ${accountId} order by first_sequence`;
  return selectRows(db, 'record.sealed_segment', inOrder);
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

/** The proof of the master key; null in a database that no worker has served yet. */
export async function loadSentinel(db: Kysely<Database>): Promise<Row<'record.sentinel'> | null> {
  const [sentinel] = await selectRows(db, 'record.sentinel', sql``);
  return sentinel ?? null;
}
