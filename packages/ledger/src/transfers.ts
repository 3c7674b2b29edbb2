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
const TRANSIT_MS = 24 * 3_600_000;

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
  const moves = entries.filter(({ at, kind }) => kind === 'transfer' && at < until);
  const legs = moves.flatMap(legsOf);
  if (legs.length === 0 && transit.length === 0) return { entries, open: [], unmatched: [] };
  const paired = new Map<string, Entry>();
  const unmatched: Entry[] = [];
  const open = [...transit];
  for (const { entry, leg } of legs.sort(departuresFirst)) {
    if (sign(leg.amount) < 0) {
      const left = { ...leg, amount: negate(leg.amount) };
      open.push(left);
      paired.set(entry.id, inTransit(entry, left.amount));
      continue;
    }
    const other = otherHalf(leg, open);
    if (other === undefined) unmatched.push({ ...entry, kind: 'flow' });
    else {
      open.splice(open.indexOf(other), 1);
      paired.set(entry.id, inTransit(entry, negate(other.amount)));
    }
  }
  const isLost = ({ at }: OpenTransfer): boolean => at + TRANSIT_MS < until;
  unmatched.push(...open.filter(isLost).map(outflowOf));
  for (const entry of unmatched) paired.set(entry.id, entry);
  const rest = entries.filter(({ id }) => !paired.has(id));
  return {
    entries: [...rest, ...paired.values()].sort(compareEntries),
    open: open.filter((left) => !isLost(left)),
    unmatched: unmatched.map(({ at }) => at),
  };
}

/** None for an entry that holds both legs, or more than one asset: it needs no pairing. */
function legsOf(entry: Entry): { entry: Entry; leg: OpenTransfer }[] {
  const [first, ...others] = entry.postings.filter(isFlowPosting);
  if (first === undefined || sign(first.amount) === 0) return [];
  const alike = others.every(
    ({ asset, amount }) => asset === first.asset && sign(amount) === sign(first.amount),
  );
  if (!alike) return [];
  const amount = others.reduce((sum, posting) => add(sum, posting.amount), first.amount);
  const { id, at, txid } = entry;
  const leg = { id, at, asset: first.asset, amount };
  return [{ entry, leg: txid === undefined ? leg : { ...leg, txid } }];
}

/** By transaction id, else the smallest fee, else the oldest. */
function otherHalf(arrived: OpenTransfer, open: readonly OpenTransfer[]): OpenTransfer | undefined {
  const { txid } = arrived;
  const fits = open.filter(
    ({ at, asset, amount }) =>
      asset === arrived.asset &&
      arrived.at < at + TRANSIT_MS &&
      compare(arrived.amount, amount) <= 0,
  );
  const same = fits.find((left) => txid !== undefined && left.txid === txid);
  if (same !== undefined) return same;
  let best: OpenTransfer | undefined;
  for (const left of fits) {
    if (txid !== undefined && left.txid !== undefined) continue;
    const fee = subtract(left.amount, arrived.amount);
    if (compare(fee, multiply(left.amount, FEE_SHARE_MAX)) > 0) continue;
    if (best === undefined || compare(left.amount, best.amount) < 0) best = left;
  }
  return best;
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

function departuresFirst(
  left: { readonly leg: OpenTransfer },
  right: { readonly leg: OpenTransfer },
): number {
  if (left.leg.at !== right.leg.at) return left.leg.at - right.leg.at;
  const directions = sign(left.leg.amount) - sign(right.leg.amount);
  if (directions !== 0) return directions;
  return left.leg.id < right.leg.id ? -1 : 1;
}
