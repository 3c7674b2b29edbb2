// What one job reads and writes of an account, each in one statement: the journey to the database
// costs more than what is done there. A statement is a transaction, so either all of it happened or
// none of it did. What is read is untrusted until it opens under the account's keys.

import { sql, type Kysely, type RawBuilder } from 'kysely';
import { statusSaving, type Account, type NewStatus } from './account.ts';
import type { StatementRow } from './published.ts';
import { columns, insertion, insertRows, ROWS_PER_INSERT, type Database } from './rows.ts';
import type { SealedSegment, SealedState } from './sealed.ts';

/** An account's row, with what is sealed for it. */
export interface SealedAccount extends Account {
  /** Null once the account's key was destroyed. */
  readonly root: Uint8Array | null;
  /** Null before the first synchronisation, as is the head. */
  readonly version: number | null;
  readonly envelope: Uint8Array | null;
  /** Hash of the last statement. */
  readonly head: Uint8Array | null;
  /** Of its credentials, and in the same order what is sealed in each. */
  readonly fields: readonly string[];
  readonly envelopes: readonly Uint8Array[];
  /** What its owner connected: docs/statement.md#selection. Counts are of accounts. */
  readonly connected: number;
  readonly ended: number;
  readonly ordinal: number;
  readonly restarts: number;
}

export async function loadSealedAccount(
  db: Kysely<Database>,
  accountId: string,
): Promise<SealedAccount | null> {
  const found = await sql<SealedAccount>`
    select ${columns('record.account')}, account_key.envelope as root, version,
      sealed_state.envelope, (select hash from record.statement
        where statement.account_id = account.account_id order by sequence desc limit 1) as head,
      array(select field from record.credential
        where credential.account_id = account.account_id order by field) as fields,
      array(select envelope from record.credential
        where credential.account_id = account.account_id order by field) as envelopes,
      connected, ended, ordinal, restarts
    from record.account left join record.account_key using (account_id)
      left join record.sealed_state using (account_id), record.owned_accounts(${accountId})
    where account_id = ${accountId}`.execute(db);
  return found.rows[0] ?? null;
}

/** Everything that a job found out. */
export interface Findings {
  /** Names the version that it replaces by being the next one. */
  readonly state: SealedState;
  readonly segments: readonly SealedSegment[];
  readonly statements: readonly StatementRow[];
  readonly status: NewStatus;
}

/** A statement as the database now holds it. */
export type WrittenStatement = Pick<StatementRow, 'body' | 'signature'>;

/**
 * Writes them and has the job settled by `settling`, a statement that returns a row if the claim
 * still holds. STORE_CONFLICT when the stored state is not the version before; JOB_CLAIM_LOST.
 */
export async function saveFindings(
  db: Kysely<Database>,
  findings: Findings,
  settling: RawBuilder<unknown>,
): Promise<readonly WrittenStatement[]> {
  const { segments, statements } = findings;
  const early = statements.slice(0, Math.max(0, statements.length - ROWS_PER_INSERT));
  if (early.length === 0 && segments.length <= 1) return await saveLast(db, findings, settling);
  // A first synchronisation may bring more than one statement should carry.
  return await transaction(db, async (trx) => {
    for (const each of segments.slice(0, -1)) {
      await insertRows(trx, 'record.sealed_segment', [each]);
    }
    await insertRows(trx, 'record.statement', early);
    const { accountId } = findings.state;
    const written = await sql<WrittenStatement>`
      select body, signature from record.statement
      where account_id = ${accountId} and sequence = any(${early.map((row) => row.sequence)})
      order by sequence`.execute(trx);
    const last = {
      ...findings,
      segments: segments.slice(-1),
      statements: statements.slice(early.length),
    };
    return [...written.rows, ...(await saveLast(trx, last, settling))];
  });
}

/** One of its own, unless it is part of one. */
function transaction<Result>(
  db: Kysely<Database>,
  work: (trx: Kysely<Database>) => Promise<Result>,
): Promise<Result> {
  return db.isTransaction ? work(db) : db.transaction().execute(work);
}

async function saveLast(
  db: Kysely<Database>,
  { state, segments, statements, status }: Findings,
  settling: RawBuilder<unknown>,
): Promise<readonly WrittenStatement[]> {
  const written = await sql<WrittenStatement>`
    with state as (${stateSaving(state)}),
      segment as (${insertion('record.sealed_segment', segments)}),
      statement as (${insertion('record.statement', statements, 'returning *')}),
      status as (${statusSaving(status)}),
      settled as (${settling})
    select body, signature from statement
    where record.demand(exists (select from state), 'STORE_CONFLICT')
      and record.demand(exists (select from settled), 'JOB_CLAIM_LOST')
    order by sequence`.execute(db);
  return written.rows;
}

function stateSaving({ accountId, version, keyId, envelope }: SealedState): RawBuilder<unknown> {
  return version === 1
    ? sql`insert into record.sealed_state (account_id, version, key_id, envelope)
        values (${accountId}, 1, ${keyId}, ${envelope}) on conflict do nothing returning 1`
    : sql`update record.sealed_state
        set version = ${version}, key_id = ${keyId}, envelope = ${envelope}, updated_at = now()
        where account_id = ${accountId} and version = ${version - 1} returning 1`;
}
