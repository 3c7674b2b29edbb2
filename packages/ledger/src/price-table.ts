// What everything is worth in the reporting currency as time advances: the last price of each asset
// and the last mark of each instrument, with their instants. A quote chain (asset, quote, reporting
// currency) uses legs of one instant only; the shortest chain wins, then the alphabetically first.
// A price of the reporting currency itself is a leg used backwards, which is the only place where a
// price is rounded. Prices are untrusted.

import { RecordError } from '@track-record/errors';
import type { Checkpoint, Quote } from './checkpoint.ts';
import { compare, type Decimal, divide, multiply, ONE, sign, ZERO } from './decimal.ts';
import type { LedgerDocument, Mark, Posting, Price } from './entry.ts';

/** A price used backwards keeps this many digits: twice those of the finest quote. */
const INVERSE_PRICE_SCALE = 36;

/** One leg: a unit of `from` is worth `price` units of `to`. */
interface Leg {
  readonly from: string;
  readonly to: string;
  readonly price: Decimal;
}

interface Instant {
  readonly at: number;
  readonly prices: Price[];
  readonly marks: Mark[];
}

export class PriceTable {
  readonly #reportingCurrency: string;
  readonly #instants: readonly Instant[];
  readonly #prices: Map<string, Quote>;
  readonly #marks: Map<string, Quote>;
  #next = 0;

  constructor(document: LedgerDocument, opening: Checkpoint | null) {
    this.#reportingCurrency = document.account.reportingCurrency;
    this.#instants = groupByInstant(document);
    this.#prices = new Map(opening?.prices);
    this.#marks = new Map(opening?.marks);
  }

  /** The next instant at which something is quoted; infinite when nothing is left. */
  nextAt(): number {
    return this.#instants[this.#next]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Makes every price and mark known that holds at or before `at`. */
  advance(at: number): void {
    for (let instant = this.#instants[this.#next]; instant !== undefined && instant.at <= at;) {
      for (const [asset, price] of resolveChains(instant.prices, this.#reportingCurrency)) {
        remember(this.#prices, asset, { price, at: instant.at });
      }
      for (const mark of instant.marks) {
        remember(this.#marks, mark.instrument, { price: mark.price, at: instant.at });
      }
      this.#next += 1;
      instant = this.#instants[this.#next];
    }
  }

  /** The last known price; the reporting currency is worth 1 at any instant. */
  price(asset: string, at: number): Quote | null {
    if (asset === this.#reportingCurrency) return { price: ONE, at };
    return this.#prices.get(asset) ?? null;
  }

  /** An airdrop that never had a price counts nothing until it has one (returns.md 2). */
  receiveAirdrop(asset: string, at: number): void {
    if (this.price(asset, at) === null) this.#prices.set(asset, { price: ZERO, at });
  }

  /**
   * More of it that comes from outside is no gift. Were it counted nothing too, its first price
   * would turn a deposit into profit.
   */
  receiveFlow({ asset, amount }: Posting, at: number): void {
    const quote = this.#prices.get(asset);
    const counted = quote !== undefined && sign(quote.price) === 0 && quote.at < at;
    if (counted && sign(amount) > 0) this.#prices.delete(asset);
  }

  mark(instrument: string): Quote | null {
    return this.#marks.get(instrument) ?? null;
  }

  quotes(): Pick<Checkpoint, 'prices' | 'marks'> {
    return { prices: sortedByName(this.#prices), marks: sortedByName(this.#marks) };
  }
}

/** Every asset that reaches the reporting currency through prices of one instant. */
function resolveChains(prices: readonly Price[], reportingCurrency: string): Map<string, Decimal> {
  const resolved = new Map<string, Decimal>([[reportingCurrency, ONE]]);
  let open = prices.map((price) => legOf(price, reportingCurrency));
  for (;;) {
    open = open.filter((leg) => !resolved.has(leg.from));
    const level = new Map<string, Leg>();
    for (const leg of open) {
      if (!resolved.has(leg.to)) continue;
      const rival = level.get(leg.from);
      if (rival === undefined || compareLegs(leg, rival) < 0) level.set(leg.from, leg);
    }
    if (level.size === 0) break;
    for (const { from, to, price } of level.values()) {
      const next = resolved.get(to) ?? ONE;
      resolved.set(from, next === ONE ? price : multiply(price, next));
    }
  }
  resolved.delete(reportingCurrency);
  return resolved;
}

/** EUR in USDT is the pair that exists when EUR is the reporting currency: it is used backwards. */
function legOf(price: Price, reportingCurrency: string): Leg {
  if (price.asset !== reportingCurrency || sign(price.price) === 0) {
    return { from: price.asset, to: price.currency, price: price.price };
  }
  const backward = divide(ONE, price.price, INVERSE_PRICE_SCALE);
  return { from: price.currency, to: price.asset, price: backward };
}

function compareLegs(left: Leg, right: Leg): number {
  if (left.from !== right.from) return left.from < right.from ? -1 : 1;
  if (left.to !== right.to) return left.to < right.to ? -1 : 1;
  // Both directions of one pair may be quoted; the larger price, to be independent of input order.
  return compare(right.price, left.price);
}

function groupByInstant(document: LedgerDocument): Instant[] {
  const instants = new Map<number, Instant>();
  for (const [index, price] of document.prices.entries()) {
    const { prices } = instantAt(instants, price.at);
    const repeated = prices.find((p) => p.asset === price.asset && p.currency === price.currency);
    if (repeated === undefined) prices.push(price);
    else checkRepeat(repeated.price, price.price, `prices[${index}]`);
  }
  for (const [index, mark] of document.marks.entries()) {
    const { marks } = instantAt(instants, mark.at);
    const repeated = marks.find((m) => m.instrument === mark.instrument);
    if (repeated === undefined) marks.push(mark);
    else checkRepeat(repeated.price, mark.price, `marks[${index}]`);
  }
  return [...instants.values()].sort((left, right) => left.at - right.at);
}

function instantAt(instants: Map<number, Instant>, at: number): Instant {
  const known = instants.get(at);
  if (known !== undefined) return known;
  const instant: Instant = { at, prices: [], marks: [] };
  instants.set(at, instant);
  return instant;
}

/** Two values for one asset at one instant would make the result depend on their order. */
function checkRepeat(known: Decimal, repeated: Decimal, place: string): void {
  if (compare(known, repeated) !== 0) throw new RecordError('LEDGER_ENTRY_CONFLICT', { place });
}

/** A checkpoint may already know a later price than the first ones of the document. */
function remember(quotes: Map<string, Quote>, name: string, quote: Quote): void {
  const known = quotes.get(name);
  if (known === undefined || known.at <= quote.at) quotes.set(name, quote);
}

function sortedByName(quotes: ReadonlyMap<string, Quote>): Map<string, Quote> {
  return new Map([...quotes].sort(([left], [right]) => (left < right ? -1 : 1)));
}
