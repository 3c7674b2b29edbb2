// Step 11 of the route: one transaction writes the sealed entries, the statements, the hours and
// the state, reads the statements back, and completes the job. Either all of it happened or none of
// it did.

import { RecordError } from '@track-record/errors';
import type { AccountKeys } from '@track-record/sealing';
import {
  insertRows,
  lockAccount,
  readBackStatements,
  saveState,
  saveStatus,
  type StatementRow,
} from '@track-record/store';
import { NO_PREVIOUS } from '@track-record/statement';
import { sealAccountState, type AccountState } from './account-state.ts';
import type { RouteContext } from './context.ts';
import { sealRecords, type JournalRecord } from './journal.ts';
import type { StatedHour } from './state-hours.ts';

export interface HoursToCommit {
  readonly keys: AccountKeys;
  /** Sequence number of the first of `records`. */
  readonly firstSequence: number;
  readonly records: readonly JournalRecord[];
  readonly stated: readonly StatedHour[];
  readonly state: AccountState;
  /** Start of the account's last signed hour, or null when none is signed yet. */
  readonly lastHour: number | null;
  /** Final hours that are not signed yet. */
  readonly hoursMissing: number;
}

/** STORE_CONFLICT when another worker committed first; JOB_CLAIM_LOST when it holds the job now. */
export async function commitHours(hours: HoursToCommit, context: RouteContext): Promise<void> {
  const { keys, state } = hours;
  const segments = sealRecords(keys, hours.firstSequence, hours.records, context.random);
  const statements = hours.stated.map((each) => statementRow(keys.accountId, each));
  const sealedState = sealAccountState(keys, state, context.random);
  await context.db.transaction().execute(async (trx) => {
    await lockAccount(trx, keys.accountId);
    await saveState(trx, sealedState);
    // One by one: a segment may be megabytes.
    for (const each of segments) await insertRows(trx, 'record.sealed_segment', [each]);
    await insertRows(trx, 'record.statement', statements);
    await insertRows(
      trx,
      'record.hourly_return',
      hours.stated.map((each) => hourlyRow(keys.accountId, each)),
    );
    checkWritten(statements, await readBackStatements(trx, keys.accountId, statements));
    await saveStatus(trx, {
      accountId: keys.accountId,
      lastHour: hours.lastHour,
      code: null,
      codeAt: null,
      hoursMissing: hours.hoursMissing,
      syncing: false,
      updatedAt: context.now(),
    });
    context.step('written');
    await context.settle(trx, { hours: hours.stated.length });
  });
  context.step('committed');
}

/**
 * The second of the pair of checks around a write: what the database says now is what was signed.
 */
function checkWritten(sent: readonly StatementRow[], found: readonly StatementRow[]): void {
  const same =
    sent.length === found.length &&
    sent.every((row, index) => {
      const other = found[index];
      return (
        other !== undefined &&
        Buffer.compare(row.body, other.body) === 0 &&
        Buffer.compare(row.signature, other.signature) === 0
      );
    });
  if (!same) throw new RecordError('STORE_ROW_UNTRUSTED');
}

function statementRow(accountId: string, { body, signed }: StatedHour): StatementRow {
  return {
    accountId,
    sequence: body.sequence,
    hour: Date.parse(body.hour),
    body: Buffer.from(signed.bytes),
    hash: Buffer.from(signed.hash, 'hex'),
    previous: body.previous === NO_PREVIOUS ? null : Buffer.from(body.previous, 'hex'),
    signature: Buffer.from(signed.signature),
    keyId: body.keyId,
    restates: body.restates === null ? null : Buffer.from(body.restates, 'hex'),
  };
}

function hourlyRow(accountId: string, { body }: StatedHour) {
  return {
    accountId,
    hour: Date.parse(body.hour),
    sequence: body.sequence,
    status: body.status,
    reason: body.reason,
    return: body.return,
    coverage: body.coverage,
    provenance: body.provenance,
  };
}
