// What everything is worth in the reporting currency as time advances: the last price of each asset
// and the last mark of each instrument, with their instants. A quote chain (asset, quote, reporting
// currency) uses legs of one instant only; the shortest chain wins, then the alphabetically first.
// A pair of the reporting currency, or of what no chain reaches, is used backwards, which is the
// only place where a price is rounded. Of two quotes of one pair that of a reference is taken.
// Prices are untrusted.

import { RecordError } from '@track-record/errors';
import type { Checkpoint, Quote } from './checkpoint.ts';
import { compare, type Decimal, divide, multiply, ONE, sign, ZERO } from './decimal.ts';
import type { LedgerDocument, Mark, Posting, Price } from './entry.ts';

/** A price used backwards keeps this many digits: twice those of the finest quote. */
const INVERSE_PRICE_SCALE = 36;

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
      for (const { asset, price, at, source } of resolveChains(instant, this.#reportingCurrency)) {
        remember(this.#prices, asset, { price, at, source });
      }
      for (const { instrument, price, at } of instant.marks) {
        remember(this.#marks, instrument, { price, at });
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

  /** What is priced by a reference pair now, and by whose. */
  references(): Map<string, Quote> {
    const found = new Map<string, Quote>();
    this.#prices.forEach((quote, asset) => quote.source !== undefined && found.set(asset, quote));
    return found;
  }

  quotes(): Pick<Checkpoint, 'prices' | 'marks'> {
    return { prices: sortedByName(this.#prices), marks: sortedByName(this.#marks) };
  }
}

/** In the reporting currency: every asset that reaches it through prices of one instant. */
function resolveChains({ at, prices }: Instant, reportingCurrency: string): readonly Price[] {
  // One quote of each pair from one source, and all in the reporting currency: nothing to choose.
  const source = prices[0]?.source;
  const isPlain = (leg: Price): boolean =>
    leg.currency === reportingCurrency && leg.asset !== reportingCurrency && leg.source === source;
  if (prices.every(isPlain)) return prices;
  const own = { asset: reportingCurrency, currency: reportingCurrency, at, price: ONE };
  const resolved = new Map<string, Price>([[reportingCurrency, own]]);
  // EUR in USDT is the pair that exists when EUR is the reporting currency: a leg like any other.
  let legs = prices.map((leg) => (leg.asset === reportingCurrency ? turned(leg) : leg));
  for (let further = true; further && legs.length > 0;) {
    further = extend(resolved, legs) || extend(resolved, legsBack(resolved, legs));
    legs = legs.filter(({ asset, currency }) => !resolved.has(asset) || !resolved.has(currency));
  }
  resolved.delete(reportingCurrency);
  return [...resolved.values()];
}

/** One leg further from everything that is resolved; false when there is none. */
function extend(resolved: Map<string, Price>, legs: readonly Price[]): boolean {
  const level = legs.filter((leg) => !resolved.has(leg.asset) && resolved.has(leg.currency));
  for (const leg of level.sort(compareLegs)) {
    const price = multiply(leg.price, resolved.get(leg.currency)?.price ?? ONE);
    if (!resolved.has(leg.asset)) resolved.set(leg.asset, { ...leg, price });
  }
  return level.length > 0;
}

/** From what has a price to what no leg leads from. */
function legsBack(resolved: ReadonlyMap<string, Price>, legs: readonly Price[]): Price[] {
  const open = legs.filter((leg) => resolved.has(leg.asset) && !resolved.has(leg.currency));
  return open.map(turned);
}

/** What is worth nothing buys nothing and cannot be turned. */
function turned(leg: Price): Price {
  if (sign(leg.price) === 0) return leg;
  const price = divide(ONE, leg.price, INVERSE_PRICE_SCALE);
  return { ...leg, asset: leg.currency, currency: leg.asset, price };
}

/** By asset, then which leg of it is taken first. */
function compareLegs(left: Price, right: Price): number {
  if (left.asset !== right.asset) return left.asset < right.asset ? -1 : 1;
  if (left.currency !== right.currency) return left.currency < right.currency ? -1 : 1;
  if (left.source !== right.source) return (left.source ?? '') > (right.source ?? '') ? -1 : 1;
  // A pair may be quoted in both directions; the larger price, to be independent of input order.
  return compare(right.price, left.price);
}

function groupByInstant(document: LedgerDocument): Instant[] {
  const instants = new Map<number, Instant>();
  let instant: Instant | null = null;
  // The instant of its latest price, for each asset: what comes after that repeats nothing.
  const latest = new Map<string, number>();
  document.prices.forEach((price, index) => {
    const { asset, currency, source, at } = price;
    if (instant?.at !== at) instant = instantAt(instants, at);
    const isNew = at > (latest.get(asset) ?? Number.NEGATIVE_INFINITY);
    if (isNew) latest.set(asset, at);
    const isSame = (of: Price): boolean => of.asset === asset && of.currency === currency;
    const repeated = isNew
      ? undefined
      : instant.prices.find((of) => isSame(of) && of.source === source);
    if (repeated === undefined) instant.prices.push(price);
    else checkRepeat(repeated.price, price.price, `prices[${index}]`);
  });
  for (const [index, mark] of document.marks.entries()) {
    const { marks } = instantAt(instants, mark.at);
    const repeated = marks.find((m) => m.instrument === mark.instrument);
    if (repeated === undefined) marks.push(mark);
    else checkRepeat(repeated.price, mark.price, `marks[${index}]`);
  }
  return [...instants.values()].sort((left, right) => left.at - right.at);
}

function instantAt(instants: Map<number, Instant>, at: number): Instant {
  const instant = instants.get(at) ?? { at, prices: [], marks: [] };
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
