// What a book, a flow or a residual is worth at one instant, and how good its prices were. A price
// holds at that instant, or is carried from an earlier one for a bounded time, or there is none,
// and then there is no equity: a missing price is never zero (returns.md 1.4, 2.1). Sums are exact;
// a total is rounded once.

import type { Book } from './book.ts';
import type { Quote } from './checkpoint.ts';
import { absolute, add, type Decimal, multiply, ONE, round, sign, ZERO } from './decimal.ts';
import { HOUR_MS } from './document.ts';
import type { Entry, Instrument } from './entry.ts';
import { isFlowPosting } from './order.ts';
import { FLAT, type Position, positionValue } from './position.ts';
import type { PriceTable } from './price-table.ts';
import type { Residual } from './reconcile.ts';

/**
 * Digits after the point of every value. It is finer than any venue's quantity times price in use,
 * and coarser than the 36 digits of a cost, so that how a fill was split into parts leaves no
 * trace.
 */
export const VALUE_SCALE = 24;

/**
 * The last price of a market that never closes may be missing for a day, flagged (returns.md 2.1).
 */
const CARRY_MS = 24 * HOUR_MS;

/** Thursday's close to Tuesday's open: the longest holiday weekend of the stock exchanges. */
const CLOSED_MARKET_CARRY_MS = 5 * 24 * HOUR_MS;

/**
 * From best to worst. `closed`: carried while a market with sessions does not trade; `worthless`:
 * the last price was zero, or an airdrop has had none; `stale`: carried for a day at most.
 */
const freshnesses = ['fresh', 'closed', 'worthless', 'stale', 'unpriced'] as const;

export type Freshness = (typeof freshnesses)[number];

export interface Worth {
  /** In the reporting currency, exact; at the last known price however old; null without any. */
  readonly worth: Decimal | null;
  readonly freshness: Freshness;
}

export interface Valuation {
  /** In the reporting currency; null when a holding has no usable price. */
  readonly equity: Decimal | null;
  /** How many holdings are priced how. */
  readonly holdings: Readonly<Record<Freshness, number>>;
}

/**
 * The prices of one instant. `freshMs`: how old a price may be and still count as one of the
 * instant.
 */
export class Appraisal {
  readonly #book: Book;
  readonly #table: PriceTable;
  readonly #at: number;
  readonly #freshMs: number;

  constructor(book: Book, table: PriceTable, at: number, freshMs = 0) {
    this.#book = book;
    this.#table = table;
    this.#at = at;
    this.#freshMs = freshMs;
  }

  equity(): Valuation {
    const holdings = { fresh: 0, closed: 0, worthless: 0, stale: 0, unpriced: 0 };
    let sum = ZERO;
    for (const totals of [this.#book.balances, this.#book.transit]) {
      totals.forEach((total, asset) => {
        if (total.mantissa === 0n) return;
        const { worth, freshness } = this.asset(asset, total);
        holdings[freshness] += 1;
        if (worth !== null) sum = add(sum, worth);
      });
    }
    for (const [name, position] of this.#book.positions) {
      const { worth, freshness } = this.position(name, position);
      // A closed position may keep a profit too fine to be posted; it is no holding.
      if (sign(position.contracts) !== 0) holdings[freshness] += 1;
      if (worth !== null) sum = add(sum, worth);
    }
    return { equity: holdings.unpriced > 0 ? null : round(sum, VALUE_SCALE), holdings };
  }

  asset(asset: string, amount: Decimal): Worth {
    const quote = this.#table.price(asset, this.#at);
    const closes = this.#book.closingAssets.has(asset);
    const worth = quote === null ? null : multiply(amount, quote.price);
    const freshness = this.#freshness(quote, closes);
    if (quote?.price.mantissa !== 0n || freshness === 'fresh') return { worth, freshness };
    return { worth, freshness: 'worthless' };
  }

  position(name: string, position: Position): Worth {
    const instrument = this.#book.instrument(name);
    const flat = sign(position.contracts) === 0;
    const mark = flat ? { price: ONE, at: this.#at } : this.#table.mark(name);
    const marked = this.#freshness(mark, closes(instrument));
    if (mark === null) return { worth: null, freshness: marked };
    const amount = positionValue(instrument, position, mark.price);
    const { worth, freshness } = this.asset(instrument.settle, amount);
    return { worth, freshness: worst([marked, freshness]) };
  }

  /** What crosses the perimeter, at the price used for the equity that follows it. */
  flow({ postings, position }: Entry): Worth {
    const moved = postings.filter(isFlowPosting);
    const parts = moved.map(({ asset, amount }) => this.asset(asset, amount));
    if (position !== undefined) {
      const { contracts } = position;
      parts.push(this.position(position.instrument, { ...FLAT, contracts }));
    }
    return total(parts);
  }

  /**
   * The net of a residual, and the sum of its parts without their signs: a missing trade nets to
   * almost nothing and is still a missing trade.
   */
  residual({ balances, positions }: Residual): { net: Decimal | null; gross: Decimal | null } {
    const worths = [
      ...[...balances].map(([asset, amount]) => this.asset(asset, amount).worth),
      ...[...positions].map(([name, change]) => this.position(name, change).worth),
    ];
    const sizes = worths.map((worth) => (worth === null ? null : absolute(worth)));
    return { net: rounded(sumOrNull(worths)), gross: rounded(sumOrNull(sizes)) };
  }

  #freshness(quote: Quote | null, sessions: boolean): Freshness {
    if (quote === null) return 'unpriced';
    const age = this.#at - quote.at;
    if (age <= this.#freshMs) return 'fresh';
    if (sessions) return age <= CLOSED_MARKET_CARRY_MS ? 'closed' : 'unpriced';
    return age <= CARRY_MS ? 'stale' : 'unpriced';
  }
}

/** null when a part is unknown: a sum without it would be another number. */
export function sumOrNull(parts: readonly (Decimal | null)[]): Decimal | null {
  let sum = ZERO;
  for (const part of parts) {
    if (part === null) return null;
    sum = add(sum, part);
  }
  return sum;
}

function total(parts: readonly Worth[]): Worth {
  const worth = rounded(sumOrNull(parts.map((part) => part.worth)));
  return { worth, freshness: worst(parts.map((part) => part.freshness)) };
}

function rounded(value: Decimal | null): Decimal | null {
  return value === null ? null : round(value, VALUE_SCALE);
}

function worst(states: readonly Freshness[]): Freshness {
  return freshnesses.findLast((state) => states.includes(state)) ?? 'fresh';
}

/** Markets with sessions; a coin-settled contract trades at all hours. */
function closes(instrument: Instrument): boolean {
  if (instrument.kind === 'equity' || instrument.kind === 'fx') return true;
  const sessions = instrument.kind === 'option' || instrument.kind === 'future';
  return sessions && instrument.settle !== instrument.base;
}
