// What was held at the beginning of the window: the last anchor minus every entry before it, exact
// and in reverse order. It matches by construction and so proves nothing; the proof is that every
// other anchor agrees (returns.md 2.1). Those give only what no reverse order can: the cost of a
// position that was closed later. A checkpoint replaces all this.

import assert from 'node:assert/strict';
import { RecordError } from '@track-record/errors';
import { Book, type BookState } from './book.ts';
import { add, compare, type Decimal, negate, sign, subtract, ZERO } from './decimal.ts';
import type {
  Anchor,
  AnchorPosition,
  Entry,
  Instrument,
  LedgerDocument,
  PositionChange,
} from './entry.ts';
import { anchorCodec } from './document.ts';
import { FLAT, isMargined, notional, type Position, splitBack, undoFill } from './position.ts';
import type { Checkpoint } from './checkpoint.ts';

/** A position on its way back. */
interface BackwardPosition {
  readonly position: Position;
  /** False once a full close has hidden what it had cost. */
  readonly costKnown: boolean;
  /** The last instant passed: what the position was after it, and what was traded in it. */
  readonly at: number;
  readonly after: BackwardPosition | null;
  readonly traded: Decimal;
  /** True once a fill of that instant was a full close. */
  readonly closed: boolean;
}

const NOTHING_HELD: BackwardPosition = {
  position: FLAT,
  costKnown: true,
  at: Number.POSITIVE_INFINITY,
  after: null,
  traded: ZERO,
  closed: false,
};

/** `entries` in the ledger's order. No anchor, or an entry price that cannot be known: refused. */
export function replayBackward(document: LedgerDocument, entries: readonly Entry[]): Checkpoint {
  const anchors = sortAnchors(document.anchors);
  const anchor = anchors.pop();
  if (anchor === undefined) throw notReconciled('anchors');
  const reached = entries.findIndex((entry) => entry.at >= anchor.asOf);
  const before = reached < 0 ? entries : entries.slice(0, reached);
  const positions = backwardPositions(document.instruments, anchor, anchors, before);
  const balances = backwardBalances(document.instruments, anchor, before);
  return {
    asOf: document.window.from,
    ...withoutDerived(document.instruments, { balances, positions }, before),
    transit: [],
    prices: new Map(),
    marks: new Map(),
  };
}

/** By instant, then by content, so that the last one is the same whatever their order was. */
export function sortAnchors(anchors: readonly Anchor[]): Anchor[] {
  const texts = new Map(
    anchors.map((anchor) => [anchor, JSON.stringify(anchorCodec.format(anchor))]),
  );
  return anchors.toSorted(
    (left, right) =>
      left.asOf - right.asOf || ((texts.get(left) ?? '') < (texts.get(right) ?? '') ? -1 : 1),
  );
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
      book.post(split.base, subtract(beforeSplit(shares, entry.split.ratio), shares));
    }
    for (const posting of entry.postings) book.post(posting.asset, negate(posting.amount));
  }
  return new Map(book.state().balances);
}

function backwardPositions(
  instruments: ReadonlyMap<string, Instrument>,
  anchor: Anchor,
  earlier: Anchor[],
  before: readonly Entry[],
): Map<string, Position> {
  const states = new Map<string, BackwardPosition>();
  const realised = realisedPerInstant(instruments, before);
  for (const listed of anchor.positions) {
    const position = anchorPosition(known(instruments, listed.instrument), listed);
    states.set(listed.instrument, { ...NOTHING_HELD, position });
  }
  for (const entry of before.toReversed()) {
    adoptCosts(states, instruments, earlier, entry.at);
    const name = entry.position?.instrument ?? entry.split?.instrument;
    if (name === undefined) continue;
    const instrument = known(instruments, name);
    let state = states.get(name) ?? NOTHING_HELD;
    if (entry.position !== undefined) {
      const profit = realised.get(instantKey(entry.at, instrument.settle)) ?? null;
      state = undoChange(state, instrument, entry.at, entry.position, profit);
    }
    if (entry.split !== undefined) {
      const contracts = beforeSplit(state.position.contracts, entry.split.ratio);
      state = { ...state, position: { ...state.position, contracts } };
    }
    states.set(name, state);
  }
  adoptCosts(states, instruments, earlier, Number.NEGATIVE_INFINITY);
  const positions = new Map<string, Position>();
  for (const [name, { position, costKnown }] of states) {
    if (sign(position.contracts) === 0) continue;
    // The cost of shares and options was paid in cash and has no part in their value.
    if (!costKnown && isMargined(known(instruments, name).kind)) throw notReconciled('positions');
    positions.set(name, costKnown ? position : { ...FLAT, contracts: position.contracts });
  }
  return positions;
}

/** What a later close has hidden, an anchor after `at` may show for the same contracts. */
function adoptCosts(
  states: Map<string, BackwardPosition>,
  instruments: ReadonlyMap<string, Instrument>,
  earlier: Anchor[],
  at: number,
): void {
  while ((earlier.at(-1)?.asOf ?? at) > at) {
    for (const listed of earlier.pop()?.positions ?? []) {
      const { costKnown, position } = states.get(listed.instrument) ?? NOTHING_HELD;
      if (costKnown || compare(position.contracts, listed.contracts) !== 0) continue;
      const shown = anchorPosition(known(instruments, listed.instrument), listed);
      states.set(listed.instrument, { ...NOTHING_HELD, position: shown });
    }
  }
}

/**
 * A full close hides what the position had cost, unless the venue posted the profit of that
 * instant: cost before = cost after - traded - realised.
 */
function undoChange(
  state: BackwardPosition,
  instrument: Instrument,
  at: number,
  change: PositionChange,
  profit: Decimal | null,
): BackwardPosition {
  const same = state.at === at;
  const after = same && state.after !== null ? state.after : state;
  const amount = notional(instrument, change.contracts, change.price);
  const traded = same ? add(state.traded, amount) : amount;
  const undone = undoFill(state.position, instrument, change);
  const contracts = subtract(state.position.contracts, change.contracts);
  const closed = undone === null || (same && state.closed);
  const instant = { at, after, traded, closed };
  // Before its first contract a position has cost nothing, whatever is unknown later.
  if (sign(contracts) === 0) return { position: FLAT, costKnown: true, ...instant };
  if (!closed) return { position: undone, costKnown: state.costKnown, ...instant };
  const costKnown = after.costKnown && profit !== null && instrument.realised === 'posted';
  const cost = costKnown ? subtract(subtract(after.position.cost, traded), profit) : ZERO;
  return { position: { ...FLAT, contracts, cost }, costKnown, ...instant };
}

/** What venues posted as realised, where one instrument alone can have earned it. */
function realisedPerInstant(
  instruments: ReadonlyMap<string, Instrument>,
  entries: readonly Entry[],
): Map<string, Decimal> {
  const sums = new Map<string, Decimal>();
  const earners = new Map<string, string>();
  const shared = new Set<string>();
  for (const { at, kind, postings, position } of entries) {
    if (position !== undefined) {
      const key = instantKey(at, known(instruments, position.instrument).settle);
      const earner = earners.get(key) ?? position.instrument;
      if (earner !== position.instrument) shared.add(key);
      earners.set(key, earner);
    }
    if (kind !== 'realised') continue;
    for (const { asset, amount } of postings) {
      const key = instantKey(at, asset);
      sums.set(key, add(sums.get(key) ?? ZERO, amount));
    }
  }
  for (const key of shared) sums.delete(key);
  return sums;
}

function instantKey(at: number, asset: string): string {
  return `${at} ${asset}`;
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

function beforeSplit(held: Decimal, ratio: Decimal): Decimal {
  const before = splitBack(held, ratio);
  if (before === null) throw notReconciled('split');
  return before;
}

function known(instruments: ReadonlyMap<string, Instrument>, name: string): Instrument {
  const instrument = instruments.get(name);
  assert(instrument !== undefined, 'an instrument that the document does not define');
  return instrument;
}

function notReconciled(place: string): RecordError {
  return new RecordError('LEDGER_NOT_RECONCILED', { place });
}
