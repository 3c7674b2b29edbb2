// One position in one instrument and how a fill changes it: contracts, and the cost they were
// opened at. Every kind uses one signed *notional* in the settle asset: contracts x size x price,
// and for inverse contracts, whose face is in the quote currency, minus contracts x size / price.
// With that sign notional(mark) - cost is the unrealised profit of long and short, linear and
// inverse alike, and contracts x size / cost is the harmonic average entry of an inverse position
// (returns.md 2). Profit is conserved: cost after = cost before + notional of the fill + realised.

import {
  absolute,
  add,
  compare,
  type Decimal,
  divide,
  multiply,
  negate,
  normalise,
  round,
  sign,
  subtract,
  ZERO,
} from './decimal.ts';
import type { Instrument, InstrumentKind, PositionChange } from './entry.ts';

/** Twice the 18 digits of the finest venue: a product of quantity and price stays exact. */
const COST_SCALE = 36;

/**
 * A split gives whole shares or, where a broker keeps fractions, at most nine digits of them. Three
 * digits more leave exact ratios exact, and make 1:3, written with 15 digits or more, exact too.
 */
const SPLIT_SCALE = 12;

/**
 * A realised posting has as many digits as the finest asset; the rest waits for the next posting.
 */
const REALISED_SCALE = 18;

/**
 * Venues print an average entry price with 5 to 12 digits; a larger difference is another position.
 */
const ENTRY_PRICE_TOLERANCE: Decimal = { mantissa: 1n, scale: 5 };

export interface Position {
  readonly contracts: Decimal;
  /** Sum of the notionals that opened it, in the settle asset, at most COST_SCALE digits. */
  readonly cost: Decimal;
  /** Derived profit too fine to be posted yet, at most half a unit of REALISED_SCALE. */
  readonly unposted: Decimal;
}

export const FLAT: Position = { contracts: ZERO, cost: ZERO, unposted: ZERO };

/** Margined contracts are worth what they have gained; shares and options are worth their price. */
export function isMargined(kind: InstrumentKind): boolean {
  return kind !== 'equity' && kind !== 'option';
}

/** A dated future that settles in the coin it is on pays like an inverse perpetual. */
export function isInverse({ kind, base, quote, settle }: Instrument): boolean {
  return kind === 'inverse' || (kind === 'future' && settle === base && settle !== quote);
}

export function notional(instrument: Instrument, contracts: Decimal, price: Decimal): Decimal {
  const sized = multiply(contracts, instrument.contractSize);
  const size = instrument.multiplier === undefined ? sized : multiply(sized, instrument.multiplier);
  if (isInverse(instrument)) return negate(divide(size, price, COST_SCALE));
  return trimmed(multiply(size, price));
}

/** What the position adds to equity at this mark, in the settle asset. */
export function positionValue(instrument: Instrument, position: Position, mark: Decimal): Decimal {
  const value = notional(instrument, position.contracts, mark);
  if (!isMargined(instrument.kind)) return value;
  return add(subtract(value, position.cost), position.unposted);
}

/** The position after a fill, and the profit this ledger must post because the venue does not. */
export function applyFill(
  position: Position,
  instrument: Instrument,
  change: PositionChange,
): { position: Position; realised: Decimal } {
  const contracts = add(position.contracts, change.contracts);
  const total = add(position.cost, notional(instrument, change.contracts, change.price));
  if (sign(position.contracts) * sign(change.contracts) >= 0) {
    return { position: { ...position, contracts, cost: total }, realised: ZERO };
  }
  const flipped = sign(contracts) === sign(change.contracts);
  const cost = flipped
    ? notional(instrument, contracts, change.price)
    : costShare(position, contracts);
  if (instrument.realised === 'posted' || !isMargined(instrument.kind)) {
    return { position: { ...position, contracts, cost }, realised: ZERO };
  }
  const profit = add(position.unposted, subtract(cost, total));
  const realised = round(profit, REALISED_SCALE);
  return { position: { contracts, cost, unposted: subtract(profit, realised) }, realised };
}

/** The position before a fill, or null where the fill closed it and its cost is no longer known. */
export function undoFill(
  position: Position,
  instrument: Instrument,
  change: PositionChange,
): Position | null {
  const contracts = subtract(position.contracts, change.contracts);
  if (sign(contracts) === 0) return FLAT;
  if (sign(contracts) * sign(change.contracts) > 0) {
    const opened = notional(instrument, change.contracts, change.price);
    return { contracts, cost: subtract(position.cost, opened), unposted: ZERO };
  }
  if (sign(contracts) !== sign(position.contracts)) return null;
  return { contracts, cost: costShare(position, contracts), unposted: ZERO };
}

/** What `ratio` makes of a holding; see SPLIT_SCALE. */
export function splitInto(held: Decimal, ratio: Decimal): Decimal {
  const product = multiply(held, ratio);
  return product.scale > SPLIT_SCALE ? normalise(round(product, SPLIT_SCALE)) : product;
}

/** The roundest holding that `ratio` turns into this one, or null when there is none. */
export function splitBack(held: Decimal, ratio: Decimal): Decimal | null {
  for (let scale = 0; scale <= SPLIT_SCALE; scale += 1) {
    const before = divide(held, ratio, scale);
    if (compare(splitInto(before, ratio), held) === 0) return before;
  }
  return null;
}

/** True when both describe one position, as far as the printed entry price can tell. */
export function samePosition(ours: Position, theirs: Position, kind: InstrumentKind): boolean {
  if (compare(ours.contracts, theirs.contracts) !== 0) return false;
  if (sign(ours.contracts) === 0 || !isMargined(kind)) return true;
  const difference = absolute(subtract(ours.cost, theirs.cost));
  return compare(difference, absolute(multiply(theirs.cost, ENTRY_PRICE_TOLERANCE))) <= 0;
}

function costShare(position: Position, contracts: Decimal): Decimal {
  if (sign(contracts) === 0) return ZERO;
  return divide(multiply(position.cost, contracts), position.contracts, COST_SCALE);
}

function trimmed(value: Decimal): Decimal {
  return value.scale > COST_SCALE ? round(value, COST_SCALE) : value;
}
