// One hour after another over one book: applies entries and anchors in order and collects the facts of the
// hour, without judging them. At one millisecond the order is value, inflow, trades and costs, outflow,
// value (returns.md 1.4), which is the order of the entries.

import assert from 'node:assert/strict';
import {
  add,
  addTo,
  type Anchor,
  type Book,
  bookResidual,
  type Decimal,
  type Entry,
  freshness,
  HOUR_MS,
  isFlowPosting,
  multiply,
  phaseOf,
  type PriceTable,
  type Quote,
  reconcile,
  type Residual,
  residualValue,
  round,
  type RunningTotal,
  subtract,
  type Valuation,
  value,
  VALUE_SCALE,
  ZERO,
} from '@track-record/ledger';
import { FLOW_PRICE_AGE_MS, type HoursPolicy } from './policy.ts';
import { SubPeriods } from './sub-periods.ts';
import { Tally, tallyClass, type TallyClass } from './tally.ts';

/** A flow whose instant has no prices is moved to the nearer full hour (returns.md 1.4). */
const NEARER_HALF_MS = HOUR_MS / 2;

/** One posting of a flow, and its value as far as the prices of its instant tell. */
interface FlowPart {
  readonly at: number;
  readonly asset: string;
  readonly amount: Decimal;
  readonly quote: Quote | null;
  readonly fresh: boolean;
}

export interface Flow {
  readonly at: number;
  /** null: this asset had no price in the whole hour. */
  readonly value: Decimal | null;
}

export interface AnchorCheck {
  readonly asOf: number;
  readonly empty: boolean;
  /** The sum of the parts without their signs; null without a price. */
  readonly gross: Decimal | null;
}

export interface HourFacts {
  readonly start: number;
  readonly open: Valuation;
  readonly close: Valuation;
  readonly flows: readonly Flow[];
  /** False when the equity before some flow is not known at its instant. */
  readonly cut: boolean;
  /** null when equity at the opening is unknown, or a cut was impossible. */
  readonly subPeriods: SubPeriods | null;
  readonly totals: Readonly<Record<TallyClass, Decimal | null>>;
  readonly checks: readonly AnchorCheck[];
  readonly residual: ReadonlyMap<string, Decimal>;
  readonly residualValue: Decimal | null;
  /** An asset went below zero that the account cannot owe: an entry is missing. */
  readonly overdrawn: boolean;
  readonly derived: ReadonlyMap<string, Decimal>;
  readonly balances: readonly (readonly [string, Decimal])[];
}

interface OpenHour {
  readonly start: number;
  readonly open: Valuation;
  readonly subPeriods: SubPeriods | null;
  readonly parts: FlowPart[];
  readonly tallies: Readonly<Record<TallyClass, Tally>>;
  readonly residuals: { readonly asOf: number; readonly residual: Residual }[];
  readonly derived: Map<string, RunningTotal>;
  cut: boolean;
  overdrawn: boolean;
}

export class HourReplay {
  readonly #book: Book;
  readonly #table: PriceTable;
  readonly #policy: HoursPolicy;
  readonly #mayBeOwed: ReadonlySet<string>;
  #hour: OpenHour | null = null;
  #lastClose: Valuation | null = null;
  /** The instant of the last entry, and the phase of the last flow in it. */
  #at = -1;
  #flowPhase = -1;

  constructor(book: Book, table: PriceTable, policy: HoursPolicy, mayBeOwed: ReadonlySet<string>) {
    this.#book = book;
    this.#table = table;
    this.#policy = policy;
    this.#mayBeOwed = mayBeOwed;
  }

  begin(start: number): void {
    assert(this.#hour === null, 'the hour before was not closed');
    const open = this.#lastClose ?? value(this.#book, this.#table, start);
    const { equity } = open;
    this.#hour = {
      start,
      open,
      subPeriods: equity === null ? null : new SubPeriods(equity, this.#policy.dustEquity),
      parts: [],
      tallies: { fees: new Tally(), funding: new Tally(), income: new Tally() },
      residuals: [],
      derived: new Map(),
      cut: equity !== null,
      overdrawn: this.#isOverdrawn(this.#book.balances.keys()),
    };
  }

  apply(entry: Entry): void {
    const hour = this.#current();
    if (entry.at !== this.#at) this.#beginInstant(hour, entry.at);
    if (entry.kind === 'flow') this.#cut(hour, entry);
    const derived = this.#book.apply(entry);
    if (derived !== null) {
      const total = hour.derived.get(derived.asset);
      if (total === undefined) hour.derived.set(derived.asset, { ...derived.amount });
      else addTo(total, derived.amount);
    }
    for (const posting of entry.postings) {
      const kind = tallyClass(entry, posting);
      if (kind !== null) hour.tallies[kind].add(posting.asset, posting.amount);
    }
  }

  /** Everything before `anchor.asOf` has been applied: the book must show what the venue showed. */
  check(anchor: Anchor): void {
    this.bookResidual(anchor.asOf, reconcile(this.#book, anchor));
  }

  bookResidual(asOf: number, residual: Residual): void {
    bookResidual(this.#book, residual);
    this.#current().residuals.push({ asOf, residual });
  }

  close(): HourFacts {
    const hour = this.#current();
    const end = hour.start + HOUR_MS;
    this.#beginInstant(hour, end);
    for (const tally of Object.values(hour.tallies)) tally.settle(this.#table, end);
    const close = value(this.#book, this.#table, end);
    const checks = hour.residuals.map(({ asOf, residual }) => {
      const empty = residual.balances.size === 0 && residual.positions.size === 0;
      return { asOf, empty, worth: residualValue(residual, this.#book, this.#table, end) };
    });
    const residualNet = sumOrNull(checks.map(({ worth }) => worth?.net ?? null));
    const flows = hour.parts.map((part) => this.#valueFlow(part, hour.start));
    if (close.equity !== null && residualNet !== null) {
      hour.subPeriods?.end(subtract(close.equity, residualNet));
    }
    const cut = hour.cut && close.equity !== null && residualNet !== null;
    const totals = {
      fees: hour.tallies.fees.value(),
      funding: hour.tallies.funding.value(),
      income: hour.tallies.income.value(),
    };
    this.#hour = null;
    this.#lastClose = close;
    return {
      start: hour.start,
      open: hour.open,
      close,
      flows,
      cut,
      subPeriods: cut ? hour.subPeriods : null,
      totals,
      checks: checks.map(({ asOf, empty, worth }) => ({
        asOf,
        empty,
        gross: worth?.gross ?? null,
      })),
      residual: sumResiduals(hour.residuals.map(({ residual }) => residual)),
      residualValue: residualNet,
      overdrawn: hour.overdrawn,
      derived: hour.derived,
      balances: [...this.#book.balances].map(([asset, total]) => [asset, { ...total }] as const),
    };
  }

  #current(): OpenHour {
    assert(this.#hour !== null, 'no hour was begun');
    return this.#hour;
  }

  /** Ends the instant before: what is below zero now was not bridged within its millisecond. */
  #beginInstant(hour: OpenHour, at: number): void {
    if (this.#book.overdrawn.size > 0) {
      if (this.#isOverdrawn(this.#book.overdrawn)) hour.overdrawn = true;
      this.#book.overdrawn.clear();
    }
    this.#at = at;
    this.#flowPhase = -1;
    if (this.#table.nextAt() > at) return;
    // What was paid before a new price is worth the price known when it was paid.
    for (const tally of Object.values(hour.tallies)) tally.settle(this.#table, at);
    this.#table.advance(at);
  }

  #isOverdrawn(assets: Iterable<string>): boolean {
    for (const asset of assets) {
      if (this.#book.balance(asset).mantissa < 0n && !this.#mayBeOwed.has(asset)) return true;
    }
    return false;
  }

  /** Inflows of one millisecond are one cut, and so are its outflows. */
  #cut(hour: OpenHour, entry: Entry): void {
    const phase = phaseOf(entry);
    if (phase !== this.#flowPhase) {
      this.#flowPhase = phase;
      const before = value(this.#book, this.#table, entry.at, FLOW_PRICE_AGE_MS);
      if (before.equity === null || before.stale > 0) hour.cut = false;
      else hour.subPeriods?.end(before.equity);
    }
    for (const { asset, amount } of entry.postings.filter(isFlowPosting)) {
      const quote = this.#table.price(asset, entry.at);
      const closing = this.#book.closingAssets.has(asset);
      const state = freshness(quote, entry.at, FLOW_PRICE_AGE_MS, closing);
      const fresh = state === 'fresh' || state === 'closed';
      const usable = state === 'unpriced' ? null : quote;
      hour.parts.push({ at: entry.at, asset, amount, quote: usable, fresh });
      if (!fresh || quote === null) hour.cut = false;
      else hour.subPeriods?.flow(worth(amount, quote));
    }
  }

  #valueFlow(part: FlowPart, start: number): Flow {
    if (part.fresh && part.quote !== null) {
      return { at: part.at, value: worth(part.amount, part.quote) };
    }
    const atClose = this.#table.price(part.asset, start + HOUR_MS);
    const early = part.at - start < NEARER_HALF_MS;
    const quote = early ? (part.quote ?? atClose) : (atClose ?? part.quote);
    return { at: part.at, value: quote === null ? null : worth(part.amount, quote) };
  }
}

function worth(amount: Decimal, quote: Quote): Decimal {
  return round(multiply(amount, quote.price), VALUE_SCALE);
}

export function sumOrNull(values: readonly (Decimal | null)[]): Decimal | null {
  let sum = ZERO;
  for (const item of values) {
    if (item === null) return null;
    sum = add(sum, item);
  }
  return sum;
}

function sumResiduals(residuals: readonly Residual[]): Map<string, Decimal> {
  const sums = new Map<string, Decimal>();
  for (const { balances, positions } of residuals) {
    const parts = [...balances, ...[...positions].map(([n, p]) => [n, p.contracts] as const)];
    for (const [name, amount] of parts) sums.set(name, add(sums.get(name) ?? ZERO, amount));
  }
  return sums;
}
