// A ledger that books a withdrawal as one sum, and the list of withdrawals that tells the fee in
// it. Rows are untrusted; neither is believed without the other.

import { RecordError } from '@track-record/errors';
import { absolute, add, compare, negate, sign, subtract } from '@track-record/ledger';
import { isInside, rowsOf, type Job } from './feed.ts';
import { flowOf } from './readings.ts';
import { parseSize, parseText, type Row } from './rows.ts';
import type { Running } from './running.ts';

export interface Withdrawals {
  /** The ledger's method, what its rows say, and what stands before their ids in the readings. */
  readonly ledger: string;
  readonly running: (row: Row) => Running;
  readonly prefix: string;
  /** A withdrawal, or one that was cancelled and comes back. */
  readonly isWithdrawal: (row: Row) => boolean;
  /** The method of the list, and its fields; the fee comes on top of the amount that arrives. */
  readonly list: string;
  readonly fields: readonly [asset: string, amount: string, fee: string];
}

/** Makes a flow and a fee of every such sum; VENUE_INCOMPLETE where the list has no withdrawal. */
export function splitWithdrawals(job: Job, split: Withdrawals): void {
  const [assetField, amountField, feeField] = split.fields;
  for (const row of rowsOf(job, split.ledger)) {
    const { id, at, asset, change } = split.running(row);
    // Pages of a ledger reach beyond the window, and what is told of withdrawals does not.
    if (!isInside(job, at) || !split.isWithdrawal(row)) continue;
    const told = rowsOf(job, split.list).find((each) => {
      const sum = add(parseSize(each, amountField), parseSize(each, feeField));
      return parseText(each, assetField) === asset && compare(absolute(change), sum) === 0;
    });
    if (told === undefined) throw new RecordError('VENUE_INCOMPLETE', { place: 'withdrawals' });
    const charge = parseSize(told, feeField);
    const fee = sign(change) < 0 ? negate(charge) : charge;
    const name = `${split.prefix}${id}`;
    const index = job.readings.findIndex((each) => each.id === name);
    job.readings.splice(index, 1, ...flowOf(name, at, asset, subtract(change, fee), fee));
  }
}
