// One ledger, one order, whatever order its entries arrived in: repeats removed, then sorted by
// instant; within a millisecond inflows first and outflows last, so that no trade is measured
// against capital that had not come or had already gone (returns.md 1.4); then by id. Entries are
// untrusted.

import { RecordError } from '@track-record/errors';
import { compare, type Decimal, sign } from './decimal.ts';
import type { Entry, Posting } from './entry.ts';

const INFLOW = 0;
const INSIDE = 1;
export const OUTFLOW = 2;

/** The order within a millisecond. */
export type Phase = typeof INFLOW | typeof INSIDE | typeof OUTFLOW;

/** Each entry once, in the total order. Two that share an id and differ: LEDGER_ENTRY_CONFLICT. */
export function orderEntries(entries: readonly Entry[]): readonly Entry[] {
  const byId = new Map<string, Entry>();
  let inOrder = true;
  entries.forEach((entry, index) => {
    const previous = entries[index - 1];
    inOrder &&= previous === undefined || compareEntries(previous, entry) < 0;
    const known = byId.get(entry.id);
    if (known === undefined) byId.set(entry.id, entry);
    else if (!sameEntry(known, entry)) {
      throw new RecordError('LEDGER_ENTRY_CONFLICT', { place: `entries[${index}]` });
    }
  });
  if (inOrder && byId.size === entries.length) return entries;
  return [...byId.values()].sort(compareEntries);
}

export function phaseOf(entry: Entry): Phase {
  if (entry.kind !== 'flow') return INSIDE;
  const amounts = entry.postings.filter(isFlowPosting).map((posting) => posting.amount);
  if (entry.position !== undefined) amounts.push(entry.position.contracts);
  return amounts.some((amount) => sign(amount) < 0) ? OUTFLOW : INFLOW;
}

/** A fee inside a flow entry (a network fee) is a cost, not a part of the flow. */
export function isFlowPosting(posting: Posting): boolean {
  return posting.role !== 'fee';
}

/** The total order of entries; no two have one id. */
export function compareEntries(left: Entry, right: Entry): number {
  if (left.at !== right.at) return left.at - right.at;
  const phases = phaseOf(left) - phaseOf(right);
  if (phases !== 0) return phases;
  return left.id < right.id ? -1 : 1;
}

/**
 * Compared as numbers, so that 1.5 and 1.50 are one entry. The order of postings has no meaning.
 */
function sameEntry(left: Entry, right: Entry): boolean {
  return (
    left.at === right.at &&
    left.kind === right.kind &&
    left.txid === right.txid &&
    left.split?.instrument === right.split?.instrument &&
    left.position?.instrument === right.position?.instrument &&
    sameDecimal(left.split?.ratio, right.split?.ratio) &&
    sameDecimal(left.position?.contracts, right.position?.contracts) &&
    sameDecimal(left.position?.price, right.position?.price) &&
    samePostings(left.postings, right.postings)
  );
}

function samePostings(left: readonly Posting[], right: readonly Posting[]): boolean {
  if (left.length !== right.length) return false;
  const sorted = right.toSorted(comparePostings);
  return left.toSorted(comparePostings).every((posting, index) => {
    const other = sorted[index];
    return other !== undefined && comparePostings(posting, other) === 0;
  });
}

function comparePostings(left: Posting, right: Posting): number {
  if (left.asset !== right.asset) return left.asset < right.asset ? -1 : 1;
  if (left.role !== right.role) return left.role === 'fee' ? -1 : 1;
  return compare(left.amount, right.amount);
}

function sameDecimal(left: Decimal | undefined, right: Decimal | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return compare(left, right) === 0;
}
