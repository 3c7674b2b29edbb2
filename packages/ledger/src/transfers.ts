// Moves inside the perimeter whose two legs have entries of their own, perhaps hours apart. What
// has left and not yet arrived is in transit: in no balance, and still part of equity. A leg finds
// its other half by transaction id, else by asset and amount less a fee within a day (returns.md
// 2); one without has crossed the perimeter: what arrives is a flow at once, what left is one when
// the day is over. Only what came before decides, so that a replay from a checkpoint pairs the same
// legs. Entries are untrusted: a wrong pair can delay a flow of its own size, and never makes a
// profit.

import {
  add,
  compare,
  type Decimal,
  multiply,
  negate,
  parseDecimal,
  sign,
  subtract,
} from './decimal.ts';
import type { Entry, Posting } from './entry.ts';
import { compareEntries, isFlowPosting } from './order.ts';

/** Chains settle within hours, and a stuck deposit is looked at within a day (returns.md 2). */
export const TRANSIT_MS = 24 * 3_600_000;

/** A fixed network fee weighs on a small amount; above this share it is another transfer. */
const FEE_SHARE_MAX = parseDecimal('0.1');

/** A leg that has left: a positive amount, part of equity until it arrives. */
export interface OpenTransfer {
  readonly id: string;
  readonly at: number;
  readonly asset: string;
  readonly amount: Decimal;
  readonly txid?: string;
}

export interface PairedTransfers {
  readonly entries: readonly Entry[];
  /** Still in transit at the end of the window. */
  readonly open: readonly OpenTransfer[];
  /** The instants at which legs without another half became flows. */
  readonly unmatched: readonly number[];
}

/** `entries` in the ledger's order; those from `until` on stay as they are. */
export function pairTransfers(
  entries: readonly Entry[],
  transit: readonly OpenTransfer[],
  until: number,
): PairedTransfers {
  const moves = entries.filter(({ kind, at }) => kind === 'transfer' && at < until);
  const legs = moves.flatMap(legsOf);
  if (legs.length === 0 && transit.length === 0) return { entries, open: [], unmatched: [] };
  // In one millisecond what leaves comes first, so that it can arrive.
  legs.sort((left, right) => left.at - right.at || sign(left.amount) - sign(right.amount));
  const open = [...transit];
  const alone = new Set<string>();
  const moved = new Map<string, Decimal>();
  for (const leg of legs) {
    const left = sign(leg.amount) < 0 ? undefined : otherHalf(leg, open);
    if (left !== undefined) open.splice(open.indexOf(left), 1);
    else if (sign(leg.amount) > 0) alone.add(leg.id);
    else open.push({ ...leg, amount: negate(leg.amount) });
    moved.set(leg.id, negate(left?.amount ?? leg.amount));
  }
  const lost = open.filter(({ at }) => at + TRANSIT_MS < until).map(outflowOf);
  const paired = entries.map((entry): Entry => {
    const amount = moved.get(entry.id);
    if (amount === undefined) return entry;
    return alone.has(entry.id) ? { ...entry, kind: 'flow' } : inTransit(entry, amount);
  });
  return {
    entries: [...paired, ...lost].sort(compareEntries),
    open: open.filter(({ at }) => at + TRANSIT_MS >= until),
    unmatched: [...legs.filter(({ id }) => alone.has(id)), ...lost].map(({ at }) => at),
  };
}

/** None for an entry that holds both legs, or more than one asset: it needs no pairing. */
function legsOf({ id, at, postings, txid }: Entry): OpenTransfer[] {
  const [first, ...others] = postings.filter(isFlowPosting);
  if (first === undefined || sign(first.amount) === 0) return [];
  const { asset } = first;
  const alike = others.every((p) => p.asset === asset && sign(p.amount) === sign(first.amount));
  const amount = others.reduce((sum, posting) => add(sum, posting.amount), first.amount);
  return alike ? [{ id, at, asset, amount, ...(txid === undefined ? {} : { txid }) }] : [];
}

/** By transaction id, else the smallest fee, else the oldest. */
function otherHalf(arrived: OpenTransfer, open: readonly OpenTransfer[]): OpenTransfer | undefined {
  const { txid, asset, at } = arrived;
  const fits = open
    .filter((left) => left.asset === asset && at < left.at + TRANSIT_MS)
    .map((left) => ({ left, fee: subtract(left.amount, arrived.amount) }))
    .filter(({ fee }) => sign(fee) >= 0)
    .sort((one, other) => compare(one.fee, other.fee));
  const same = fits.find(({ left }) => txid !== undefined && left.txid === txid);
  const alike = fits.find(
    ({ left, fee }) =>
      (txid === undefined || left.txid === undefined) &&
      compare(fee, multiply(left.amount, FEE_SHARE_MAX)) <= 0,
  );
  return (same ?? alike)?.left;
}

function inTransit(entry: Entry, amount: Decimal): Entry {
  const asset = entry.postings.find(isFlowPosting)?.asset ?? '';
  return { ...entry, postings: [...entry.postings, { asset, amount, role: 'transit' }] };
}

/** What never arrived has left the perimeter. */
function outflowOf({ id, at, asset, amount }: OpenTransfer): Entry {
  const postings: Posting[] = [{ asset, amount: negate(amount), role: 'transit' }];
  return { id: `${id} (never arrived)`, at: at + TRANSIT_MS, kind: 'flow', postings };
}
