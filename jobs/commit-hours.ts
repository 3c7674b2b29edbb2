// Steps 10 and 11 of the route: the hours are stated, and one transaction writes the sealed
// entries, the statements and the state, reads the statements back, releases what is due, and
// completes the job. Either all of it happened or none of it did.

import { RecordError } from '@track-record/errors';
import {
  lockAccount,
  saveFindings,
  type StatementRow,
  type WrittenStatement,
} from '@track-record/store';
import { NO_PREVIOUS, releaseAt } from '@track-record/statement';
import { sealAccountState, type AccountState } from './account-state.ts';
import { settleUnchanged, type RouteContext } from './context.ts';
import type { Derivation } from './derive-hours.ts';
import { finalUntil, HOUR_MS } from './hour.ts';
import { sealJournal } from './journal.ts';
import { releaseDue } from './release-results/route.ts';
import { stateHours, type StatedHour, type VenueSays } from './state-hours.ts';
import type { Subject } from './subject.ts';

/** What the next synchronisation has to know of this one. */
type Remembered = VenueSays & Pick<AccountState, 'coveredTo' | 'cursor' | 'recent' | 'instruments'>;

/**
 * Settles the job unchanged when every hour is stated already as it was found. STORE_CONFLICT when
 * another worker committed first; JOB_CLAIM_LOST when it holds the job now.
 */
export async function commitHours(
  subject: Subject,
  derivation: Derivation,
  remembered: Remembered,
  context: RouteContext,
): Promise<void> {
  const { venue, keys, state } = subject;
  const { accountId } = keys;
  const { report, fresh } = derivation;
  const { hours, ...carried } = await stateHours(derivation, subject, remembered, context);
  context.step('signed');
  const last = hours.at(-1);
  if (last === undefined) return await settleUnchanged(context);
  const nextSequence = state?.nextSequence ?? 1;
  const segments = sealJournal(keys, nextSequence, fresh, context.random);
  const statements = hours.map((each) => statementRow(accountId, each));
  const { coveredTo, cursor, recent, instruments, paper, permissions } = remembered;
  const nextState: AccountState = {
    coveredTo,
    cursor,
    recent,
    instruments,
    paper,
    permissions,
    ...carried,
    version: state === null ? 1 : state.version + 1,
    checkpoint: report.closing,
    nextSequence: (segments.at(-1)?.lastSequence ?? nextSequence - 1) + 1,
    statementCount: last.body.sequence + 1,
    head: last.signed.hash,
  };
  const sealedState = sealAccountState(keys, nextState, context.random);
  // The venue's clock may be ahead of ours.
  const final = finalUntil(venue.capabilities, Math.max(context.now(), coveredTo));
  const now = context.now();
  const status = {
    accountId,
    lastHour: report.closing.asOf - HOUR_MS,
    hoursMissing: (final - report.closing.asOf) / HOUR_MS,
    syncing: false,
    updatedAt: now,
  };
  const findings = { state: sealedState, segments, statements, status };
  const settling = context.settling({ hours: hours.length });
  context.step('written');
  if (statements.some(({ releaseAt: due }) => due !== null && due <= now)) {
    await context.db.transaction().execute(async (trx) => {
      await lockAccount(trx, accountId);
      checkWritten(statements, await saveFindings(trx, findings, settling));
      await releaseDue(trx, accountId, context);
    });
  } else {
    checkWritten(statements, await saveFindings(context.db, findings, settling));
  }
  context.step('committed');
}

/**
 * The second of the pair of checks around a write: what the database says now is what was signed.
 */
function checkWritten(sent: readonly StatementRow[], found: readonly WrittenStatement[]): void {
  const same = (one: StatementRow, other: WrittenStatement | undefined) =>
    other !== undefined &&
    Buffer.compare(one.body, other.body) === 0 &&
    Buffer.compare(one.signature, other.signature) === 0;
  if (sent.length !== found.length || !sent.every((row, index) => same(row, found[index]))) {
    throw new RecordError('STORE_ROW_UNTRUSTED');
  }
}

function statementRow(accountId: string, { body, signed }: StatedHour): StatementRow {
  return {
    accountId,
    sequence: body.sequence,
    hour: Date.parse(body.hour),
    body: signed.bytes,
    hash: Buffer.from(signed.hash, 'hex'),
    previous: body.previous === NO_PREVIOUS ? null : Buffer.from(body.previous, 'hex'),
    signature: signed.signature,
    keyId: body.keyId,
    restates: body.restates === null ? null : Buffer.from(body.restates, 'hex'),
    releaseAt: releaseAt(body),
  };
}
