// The proof of a replay: at the instant of an anchor the book must show what the venue showed. What
// it does not is the residual, per asset and per instrument: observed minus replayed. It is never
// profit.

import type { Book } from './book.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type Decimal, normalise, sign, subtract, ZERO } from './decimal.ts';
import type { Anchor, Entry, LedgerDocument } from './entry.ts';
import { anchorPosition } from './opening.ts';
import { FLAT, type Position, samePosition } from './position.ts';

export interface Residual {
  /** Asset to the amount that no entry explains. */
  readonly balances: ReadonlyMap<string, Decimal>;
  /** Instrument to the contracts and the cost that no entry explains. */
  readonly positions: ReadonlyMap<string, Position>;
}

/** Empty maps when the book meets the anchor to the last digit. */
export function reconcile(book: Book, anchor: Anchor): Residual {
  const balances = new Map<string, Decimal>();
  for (const asset of sortedNames(book.balances.keys(), anchor.balances.keys())) {
    const observed = anchor.balances.get(asset) ?? ZERO;
    const difference = normalise(subtract(observed, book.balance(asset)));
    if (sign(difference) !== 0) balances.set(asset, difference);
  }
  const observed = new Map(anchor.positions.map((listed) => [listed.instrument, listed]));
  const positions = new Map<string, Position>();
  for (const name of sortedNames(book.positions.keys(), observed.keys())) {
    const listed = observed.get(name);
    const theirs = listed === undefined ? FLAT : anchorPosition(book.instrument(name), listed);
    const ours = book.positions.get(name) ?? FLAT;
    if (samePosition(ours, theirs, book.instrument(name).kind)) continue;
    positions.set(name, {
      contracts: normalise(subtract(theirs.contracts, ours.contracts)),
      cost: normalise(subtract(theirs.cost, ours.cost)),
      unposted: ZERO,
    });
  }
  return { balances, positions };
}

/** Makes the book show what the venue showed. */
export function bookResidual(book: Book, residual: Residual): void {
  for (const [asset, amount] of residual.balances) book.post(asset, amount);
  for (const [name, change] of residual.positions) book.adjust(name, change);
}

/**
 * Assets whose balance may be negative: what the venue itself shows below zero, what a margin
 * account owes, and what was lent: a loan shows by its interest, or as a conversion of an asset
 * into itself, which is the coin and the debt. Any other asset below zero proves that an entry is
 * missing (returns.md 2.1), also in an opening that was found backwards; a checkpoint agreed with
 * the venue when it was taken.
 */
export function assetsThatMayBeOwed(
  document: LedgerDocument,
  checkpoint: Checkpoint | null,
): Set<string> {
  const owed = new Set<string>();
  const shown = checkpoint === null ? document.anchors : [checkpoint, ...document.anchors];
  for (const { balances } of shown) {
    for (const [asset, balance] of balances) if (sign(balance) < 0) owed.add(asset);
  }
  for (const entry of document.entries) {
    if (entry.kind !== 'interest' && entry.kind !== 'conversion') continue;
    for (const asset of lentIn(entry)) owed.add(asset);
  }
  for (const instrument of document.instruments.values()) {
    if (instrument.kind === 'spot') continue;
    owed.add(instrument.settle).add(instrument.quote);
    if (instrument.kind === 'equity' || instrument.kind === 'fx') owed.add(instrument.base);
  }
  return owed;
}

function lentIn({ kind, postings }: Entry): readonly string[] {
  const paid = postings.filter(({ amount }) => sign(amount) < 0).map(({ asset }) => asset);
  if (kind === 'interest') return paid;
  const got = new Set(postings.filter(({ amount }) => sign(amount) > 0).map((p) => p.asset));
  return paid.filter((asset) => got.has(asset));
}

function sortedNames(...lists: Iterable<string>[]): string[] {
  return [...new Set(lists.flatMap((list) => [...list]))].sort();
}
