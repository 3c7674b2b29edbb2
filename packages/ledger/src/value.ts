// Equity of a book at one instant, and how good its prices were. A holding is priced at that instant, or
// carried from an earlier one for a bounded time, or unpriced, and then there is no equity: a missing price
// is never zero (returns.md 1.4, 2.1). Sums are exact; the total is rounded once.

import type { Book } from './book.ts';
import type { Quote } from './checkpoint.ts';
import { absolute, add, type Decimal, multiply, ONE, round, sign, ZERO } from './decimal.ts';
import { HOUR_MS } from './document.ts';
import type { Instrument } from './entry.ts';
import { positionValue } from './position.ts';
import type { PriceTable } from './price-table.ts';
import type { Residual } from './reconcile.ts';

/**
 * Digits after the point of every value. It is finer than any venue's quantity times price in use, and
 * coarser than the 36 digits of a cost, so that how a fill was split into parts leaves no trace.
 */
export const VALUE_SCALE = 24;

/** The last price of a market that never closes may be missing for a day, flagged (returns.md 2.1). */
const CARRY_MS = 24 * HOUR_MS;

/** Thursday's close to Tuesday's open: the longest holiday weekend of the stock exchanges. */
const CLOSED_MARKET_CARRY_MS = 5 * 24 * HOUR_MS;

export interface Valuation {
  /** In the reporting currency; null when a holding has no usable price. */
  readonly equity: Decimal | null;
  readonly holdings: number;
  /** Holdings whose price does not hold at the instant, by what is done about it. */
  readonly stale: number;
  readonly closed: number;
  readonly unpriced: number;
}

/** `closed`: carried over the hours in which a market with sessions does not trade. */
export type Freshness = 'fresh' | 'stale' | 'closed' | 'unpriced';

/** `freshMs`: how old a price may be and still count as one of the instant; 0 at hour boundaries. */
export function value(book: Book, table: PriceTable, at: number, freshMs = 0): Valuation {
  const count = { fresh: 0, stale: 0, closed: 0, unpriced: 0 };
  let total = ZERO;
  for (const [asset, balance] of book.balances) {
    if (balance.mantissa === 0n) continue;
    const quote = table.price(asset, at);
    count[freshness(quote, at, freshMs, book.closingAssets.has(asset))] += 1;
    if (quote !== null) total = add(total, multiply(balance, quote.price));
  }
  for (const [name, position] of book.positions) {
    const instrument = book.instrument(name);
    const settle = table.price(instrument.settle, at);
    const mark = table.mark(name);
    const open = sign(position.contracts) !== 0;
    if (open) {
      const settleCloses = book.closingAssets.has(instrument.settle);
      const marked = freshness(mark, at, freshMs, closes(instrument));
      count[worse(marked, freshness(settle, at, freshMs, settleCloses))] += 1;
    }
    // A closed position may keep a profit too fine to be posted; it needs no mark.
    if (settle === null || (mark === null && open)) continue;
    const amount = positionValue(instrument, position, mark?.price ?? ONE);
    total = add(total, multiply(amount, settle.price));
  }
  const holdings = count.fresh + count.stale + count.closed + count.unpriced;
  const equity = count.unpriced > 0 ? null : round(total, VALUE_SCALE);
  return { equity, holdings, stale: count.stale, closed: count.closed, unpriced: count.unpriced };
}

/**
 * What a residual adds to equity at the last known prices, and the sum of its parts without their signs:
 * a missing trade nets to almost nothing and is still a missing trade. null without a price.
 */
export function residualValue(
  residual: Residual,
  book: Book,
  table: PriceTable,
  at: number,
): { net: Decimal; gross: Decimal } | null {
  const parts: Decimal[] = [];
  for (const [asset, amount] of residual.balances) {
    const quote = table.price(asset, at);
    if (quote === null) return null;
    parts.push(multiply(amount, quote.price));
  }
  for (const [name, change] of residual.positions) {
    const instrument = book.instrument(name);
    const settle = table.price(instrument.settle, at);
    const mark = table.mark(name);
    if (settle === null || (mark === null && sign(change.contracts) !== 0)) return null;
    const amount = positionValue(instrument, change, mark?.price ?? ONE);
    parts.push(multiply(amount, settle.price));
  }
  return {
    net: round(parts.reduce(add, ZERO), VALUE_SCALE),
    gross: round(parts.map(absolute).reduce(add, ZERO), VALUE_SCALE),
  };
}

const ORDER: readonly Freshness[] = ['fresh', 'closed', 'stale', 'unpriced'];

function worse(left: Freshness, right: Freshness): Freshness {
  return ORDER.indexOf(left) > ORDER.indexOf(right) ? left : right;
}

export function freshness(
  quote: Quote | null,
  at: number,
  freshMs: number,
  closing: boolean,
): Freshness {
  if (quote === null) return 'unpriced';
  const age = at - quote.at;
  if (age <= freshMs) return 'fresh';
  if (closing) return age <= CLOSED_MARKET_CARRY_MS ? 'closed' : 'unpriced';
  return age <= CARRY_MS ? 'stale' : 'unpriced';
}

/** Markets with sessions; a coin-settled contract trades at all hours. */
function closes(instrument: Instrument): boolean {
  if (instrument.kind === 'equity' || instrument.kind === 'fx') return true;
  const sessions = instrument.kind === 'option' || instrument.kind === 'future';
  return sessions && instrument.settle !== instrument.base;
}
