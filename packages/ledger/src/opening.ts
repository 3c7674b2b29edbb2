// What was held at the beginning of the window. The first anchor minus every entry before it, exact
// and in reverse order, is the only opening that agrees with what the venue showed; in a complete
// ledger every other anchor gives the same. The later anchors are the proof: the one that fixes the
// opening matches by construction (returns.md 2.1). A checkpoint replaces all this.

import assert from 'node:assert/strict';
import { RecordError } from '@track-record/errors';
import { Book, type BookState } from './book.ts';
import {
  compare,
  type Decimal,
  divide,
  multiply,
  negate,
  sign,
  subtract,
  ZERO,
} from './decimal.ts';
import type { Anchor, AnchorPosition, Entry, Instrument, LedgerDocument } from './entry.ts';
import { FLAT, isMargined, notional, type Position, undoFill } from './position.ts';
import type { Checkpoint } from './checkpoint.ts';

/** Digits of a position before a split; a ratio that leaves more is refused, not rounded. */
const SPLIT_SCALE = 36;

/** A position whose cost a later full close has hidden. */
interface BackwardPosition {
  position: Position;
  costKnown: boolean;
}

/** `entries` in the ledger's order. No anchor, or an entry price that cannot be known: refused. */
export function replayBackward(document: LedgerDocument, entries: readonly Entry[]): Checkpoint {
  const anchor = sortAnchors(document.anchors)[0];
  if (anchor === undefined) throw notReconciled('anchors');
  const before = entries.filter((entry) => entry.at < anchor.asOf);
  const positions = backwardPositions(document.instruments, anchor, before);
  const balances = backwardBalances(document.instruments, anchor, before);
  return {
    asOf: document.window.from,
    ...withoutDerived(document.instruments, { balances, positions }, before),
    prices: new Map(),
    marks: new Map(),
  };
}

export function sortAnchors(anchors: readonly Anchor[]): Anchor[] {
  return anchors.toSorted((left, right) => left.asOf - right.asOf);
}

/** An anchor's position as the ledger keeps it; the printed entry price gives the cost. */
export function anchorPosition(instrument: Instrument, position: AnchorPosition): Position {
  if (sign(position.contracts) === 0) return FLAT;
  const cost = notional(instrument, position.contracts, position.entryPrice);
  return { contracts: position.contracts, cost, unposted: ZERO };
}

function backwardBalances(
  instruments: ReadonlyMap<string, Instrument>,
  anchor: Anchor,
  before: readonly Entry[],
): Map<string, Decimal> {
  const book = new Book(instruments, { balances: anchor.balances, positions: new Map() });
  for (const entry of before.toReversed()) {
    const split = entry.split === undefined ? undefined : instruments.get(entry.split.instrument);
    if (entry.split !== undefined && split?.kind === 'equity') {
      const shares = book.balance(split.base);
      book.post(split.base, subtract(exactQuotient(shares, entry.split.ratio), shares));
    }
    for (const posting of entry.postings) book.post(posting.asset, negate(posting.amount));
  }
  return new Map(book.state().balances);
}

function backwardPositions(
  instruments: ReadonlyMap<string, Instrument>,
  anchor: Anchor,
  before: readonly Entry[],
): Map<string, Position> {
  const states = new Map<string, BackwardPosition>();
  for (const listed of anchor.positions) {
    const instrument = known(instruments, listed.instrument);
    const position = anchorPosition(instrument, listed);
    states.set(listed.instrument, { position, costKnown: true });
  }
  for (const entry of before.toReversed()) {
    const name = entry.position?.instrument ?? entry.split?.instrument;
    if (name === undefined) continue;
    const state = states.get(name) ?? { position: FLAT, costKnown: true };
    states.set(name, undoEntry(state, known(instruments, name), entry));
  }
  const positions = new Map<string, Position>();
  for (const [name, { position, costKnown }] of states) {
    if (sign(position.contracts) === 0) continue;
    // The cost of shares and options was paid in cash and has no part in their value.
    if (!costKnown && isMargined(known(instruments, name).kind)) throw notReconciled('positions');
    positions.set(name, costKnown ? position : { ...FLAT, contracts: position.contracts });
  }
  return positions;
}

function undoEntry(
  state: BackwardPosition,
  instrument: Instrument,
  entry: Entry,
): BackwardPosition {
  let { position, costKnown } = state;
  if (entry.position !== undefined) {
    const undone = undoFill(position, instrument, entry.position);
    const contracts = subtract(position.contracts, entry.position.contracts);
    if (undone === null) costKnown = false;
    // Before its first contract a position has cost nothing, whatever is unknown later.
    else if (sign(undone.contracts) === 0) costKnown = true;
    position = undone ?? { ...FLAT, contracts };
  }
  if (entry.split !== undefined) {
    const contracts = exactQuotient(position.contracts, entry.split.ratio);
    position = { ...position, contracts };
  }
  return { position, costKnown };
}

/**
 * Realised profit that the ledger derives is not among the entries, so it is replayed and taken
 * off.
 */
function withoutDerived(
  instruments: ReadonlyMap<string, Instrument>,
  state: BookState,
  before: readonly Entry[],
): BookState {
  const book = new Book(instruments, state);
  const balances = new Map(state.balances);
  for (const entry of before) {
    const derived = book.apply(entry);
    if (derived === null) continue;
    const balance = balances.get(derived.asset) ?? ZERO;
    balances.set(derived.asset, subtract(balance, derived.amount));
  }
  return new Book(instruments, { balances, positions: state.positions }).state();
}

function exactQuotient(value: Decimal, ratio: Decimal): Decimal {
  const quotient = divide(value, ratio, SPLIT_SCALE);
  if (compare(multiply(quotient, ratio), value) !== 0) throw notReconciled('split');
  return quotient;
}

function known(instruments: ReadonlyMap<string, Instrument>, name: string): Instrument {
  const instrument = instruments.get(name);
  assert(instrument !== undefined, 'an instrument that the document does not define');
  return instrument;
}

function notReconciled(place: string): RecordError {
  return new RecordError('LEDGER_NOT_RECONCILED', { place });
}
