// One hour after another over one book: applies entries and anchors in their order, values the book
// at every flow and full hour, and closes each hour with what may be said about it. At one
// millisecond the order is value, inflow, trades and costs, outflow, value (returns.md 1.4), which
// is the order of the entries.

import assert from 'node:assert/strict';
import {
  absolute,
  add,
  addAmount,
  type Anchor,
  Appraisal,
  type Book,
  bookResidual,
  compare,
  type Decimal,
  divide,
  type Entry,
  HOUR_MS,
  multiply,
  negate,
  normalise,
  ONE,
  integer,
  OUTFLOW,
  phaseOf,
  type Posting,
  type PriceTable,
  reconcile,
  type Residual,
  type Run,
  sign,
  subtract,
  sumOrNull,
  type Valuation,
  type Worth,
  ZERO,
} from '@track-record/ledger';
import { type Hour, judge, type ValuedFlow } from './hour.ts';
import { FLOW_PRICE_AGE_MS, type HoursPolicy, RESIDUAL_SHARE } from './policy.ts';
import { SubPeriods } from './sub-periods.ts';
import { byClass, Tally, tallyClass, type TallyClass } from './tally.ts';

/** A flow whose instant has no prices is moved to the nearer full hour (returns.md 1.4). */
const NEARER_HALF_MS = HOUR_MS / 2;

/** Digits of the coverage share. */
const COVERAGE_SCALE = 6;

export interface HourRules {
  readonly policy: HoursPolicy;
  readonly mayBeOwed: ReadonlySet<string>;
  /** What is cash, but for the reporting currency. */
  readonly currencies: ReadonlySet<string>;
}

export interface AnchorCheck {
  readonly asOf: number;
  /** False when more is unexplained than the bound allows. */
  readonly met: boolean;
}

export interface ClosedHour {
  readonly hour: Hour;
  readonly checks: readonly AnchorCheck[];
}

interface FoundResidual {
  readonly asOf: number;
  readonly residual: Residual;
  /** True when the book was made to show what the venue showed. */
  readonly booked: boolean;
}

/** A flow and what the prices known at its instant make of it. */
interface FoundFlow {
  readonly entry: Entry;
  readonly found: Worth;
}

interface OpenHour {
  readonly start: number;
  readonly open: Valuation;
  /** null while the equity before some flow is not known at its instant. */
  subPeriods: SubPeriods | null;
  readonly flows: FoundFlow[];
  readonly tallies: Readonly<Record<TallyClass, Tally>>;
  readonly residuals: FoundResidual[];
  readonly derived: Map<string, Decimal>;
  overdrawn: boolean;
}

export class HourReplay {
  readonly #book: Book;
  readonly #table: PriceTable;
  readonly #rules: HourRules;
  #hour: OpenHour | null = null;
  #lastClose: Valuation | null = null;
  /** The instants of the last entry and of the last inflow. */
  #at = -1;
  #inflowAt = -1;
  /** What has left in this instant, whose cut is behind the last of it. */
  #leaving: Decimal | null = null;

  constructor(book: Book, table: PriceTable, rules: HourRules) {
    this.#book = book;
    this.#table = table;
    this.#rules = rules;
  }

  begin(start: number): void {
    assert(this.#hour === null, 'the hour before was not closed');
    const open = this.#lastClose ?? new Appraisal(this.#book, this.#table, start).equity();
    const { equity } = open;
    this.#hour = {
      start,
      open,
      subPeriods: equity === null ? null : new SubPeriods(equity, this.#rules.policy.dustEquity),
      flows: [],
      tallies: byClass(() => new Tally()),
      residuals: [],
      derived: new Map(),
      overdrawn: this.#isOverdrawn(this.#book.balances.keys()),
    };
  }

  apply(entry: Run): void {
    // Sums hide what was below zero between them; the entries one by one do not.
    if (entry.parts?.lows.some((low) => this.#mayOverdraw(low)) === true) {
      for (const part of entry.parts.entries) this.apply(part);
      return;
    }
    const hour = this.#current();
    if (entry.at !== this.#at) this.#beginInstant(hour, entry.at);
    if (entry.kind === 'flow') this.#cut(hour, entry);
    if (entry.kind === 'airdrop') this.#receive(entry);
    const derived = this.#book.apply(entry);
    if (derived !== null) {
      addAmount(hour.derived, derived.asset, derived.amount);
      hour.tallies.realised.add(derived.asset, derived.amount);
    }
    for (const posting of entry.postings) {
      const kind = tallyClass(entry, posting);
      if (kind !== null) hour.tallies[kind].add(posting.asset, posting.amount);
    }
  }

  /** Everything before `anchor.asOf` has been applied: the book must show what the venue showed. */
  check(anchor: Anchor, books: boolean): void {
    this.note(anchor.asOf, reconcile(this.#book, anchor), books);
  }

  note(asOf: number, residual: Residual, books: boolean): void {
    this.#cutOutflow(this.#current());
    if (books) bookResidual(this.#book, residual);
    this.#current().residuals.push({ asOf, residual, booked: books });
  }

  close(balances: boolean): ClosedHour {
    const hour = this.#current();
    const end = hour.start + HOUR_MS;
    this.#beginInstant(hour, end);
    for (const tally of Object.values(hour.tallies)) tally.settle(this.#table, end);
    const atEnd = new Appraisal(this.#book, this.#table, end);
    const close = atEnd.equity();
    const flows = hour.flows.map((flow) => valueFlow(flow, hour.start, atEnd));
    const residuals = hour.residuals.map(({ asOf, residual, booked }) => {
      const { net, gross } = atEnd.residual(residual);
      const met = isEmpty(residual) || this.#isWithinBound(gross, close);
      return { asOf, met, net, booked: booked ? net : ZERO };
    });
    const flow = sumOrNull(flows.map(({ value }) => value));
    const residualValue = sumOrNull(residuals.map(({ net }) => net));
    const profit = profitOf(hour, close, flow, sumOrNull(residuals.map(({ booked }) => booked)));
    this.#hour = null;
    this.#lastClose = close;
    const closed = {
      hour: hour.start,
      ...judge({ ...hour, close, flows, pnl: profit.pnl }, this.#rules.policy),
      navOpen: hour.open.equity,
      navClose: close.equity,
      flow,
      ...profit,
      coverage: coverageOf(close),
      residual: sumResiduals(hour.residuals),
      residualValue,
      references: this.#table.references(),
      derived: hour.derived,
      flags: close.holdings.worthless > 0 ? (['counted_as_zero'] as const) : [],
      balances: new Map(balances ? this.#book.balances : []),
    };
    return { hour: closed, checks: residuals };
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
    this.#cutOutflow(hour);
    this.#at = at;
    if (this.#table.nextAt() > at) return;
    // What was paid before a new price is worth the price known when it was paid.
    this.#revalue(hour, negate);
    for (const tally of Object.values(hour.tallies)) tally.settle(this.#table, at);
    this.#table.advance(at);
    this.#revalue(hour, normalise);
  }

  /** Cash is taken out at the old rate and put back at the new one; what that made is fx. */
  #revalue(hour: OpenHour, moved: (held: Decimal) => Decimal): void {
    for (const totals of [this.#book.balances, this.#book.transit]) {
      totals.forEach((held, asset) => {
        if (this.#rules.currencies.has(asset)) hour.tallies.fx.add(asset, moved(held));
      });
    }
  }

  #mayOverdraw({ asset, amount }: Posting): boolean {
    const isBelow = sign(add(this.#book.balance(asset), amount)) < 0;
    return isBelow && !this.#rules.mayBeOwed.has(asset);
  }

  #isOverdrawn(assets: Iterable<string>): boolean {
    for (const asset of assets) {
      if (sign(this.#book.balance(asset)) < 0 && !this.#rules.mayBeOwed.has(asset)) return true;
    }
    return false;
  }

  /** Inflows of one millisecond are one cut before the first of them. */
  #cut(hour: OpenHour, entry: Entry): void {
    for (const posting of entry.postings) this.#table.receiveFlow(posting, entry.at);
    const found = this.#appraisal().flow(entry);
    hour.flows.push({ entry, found });
    if (!isOfItsInstant(found) || found.worth === null) hour.subPeriods = null;
    else if (phaseOf(entry) === OUTFLOW) this.#leaving = add(this.#leaving ?? ZERO, found.worth);
    else {
      if (this.#inflowAt !== entry.at) this.#endSubPeriod(hour, ZERO);
      this.#inflowAt = entry.at;
      hour.subPeriods?.flow(found.worth);
    }
  }

  /**
   * And so are its outflows, when all their fees are paid: the fee of a withdrawal is a cost of the
   * capital that leaves, where what stays would bear it alone.
   */
  #cutOutflow(hour: OpenHour): void {
    if (this.#leaving === null) return;
    this.#endSubPeriod(hour, this.#leaving);
    hour.subPeriods?.flow(this.#leaving);
    this.#leaving = null;
  }

  #endSubPeriod(hour: OpenHour, moved: Decimal): void {
    const { equity, holdings } = this.#appraisal().equity();
    if (equity === null || holdings.stale > 0) hour.subPeriods = null;
    else hour.subPeriods?.end(subtract(equity, moved));
  }

  #appraisal(): Appraisal {
    return new Appraisal(this.#book, this.#table, this.#at, FLOW_PRICE_AGE_MS);
  }

  /** Nothing of it was held before, so nothing is hidden by counting it nothing. */
  #receive({ postings, at }: Entry): void {
    for (const { asset } of postings) {
      if (sign(this.#book.balance(asset)) === 0) this.#table.receiveAirdrop(asset, at);
    }
  }

  #isWithinBound(gross: Decimal | null, { equity }: Valuation): boolean {
    if (gross === null) return false;
    if (compare(gross, this.#rules.policy.residualUnit) <= 0) return true;
    return equity !== null && compare(gross, absolute(multiply(equity, RESIDUAL_SHARE))) <= 0;
  }
}

/** Closes the last sub-period, takes the profit apart, and checks the identity of the hour. */
function profitOf(
  { open, subPeriods, tallies }: OpenHour,
  close: Valuation,
  flow: Decimal | null,
  booked: Decimal | null,
): Pick<Hour, TallyClass | 'pnl' | 'unrealised'> {
  const parts = byClass((kind) => tallies[kind].value());
  if (open.equity === null || close.equity === null || flow === null || booked === null) {
    return { ...parts, pnl: null, unrealised: null };
  }
  const explained = subtract(close.equity, booked);
  const pnl = subtract(subtract(explained, open.equity), flow);
  subPeriods?.end(explained);
  // The sub-periods summed their gains on their own way: every flow was cut exactly once.
  const gain = subPeriods?.gain() ?? pnl;
  const named = sumOrNull(Object.values(parts));
  const unrealised = named === null ? null : subtract(gain, named);
  const profit = sumOrNull([...Object.values(parts), unrealised]) ?? gain;
  const whole = [open.equity, flow, booked, profit].reduce(add);
  assert(compare(whole, close.equity) === 0, 'navClose = navOpen + flow + booked + all parts');
  return { ...parts, pnl, unrealised };
}

function valueFlow({ entry, found }: FoundFlow, start: number, atEnd: Appraisal): ValuedFlow {
  if (isOfItsInstant(found)) return { at: entry.at, value: found.worth };
  const early = found.freshness === 'unpriced' ? null : found.worth;
  const late = atEnd.flow(entry).worth;
  const nearer = entry.at - start < NEARER_HALF_MS ? (early ?? late) : (late ?? early);
  return { at: entry.at, value: nearer };
}

function isOfItsInstant({ freshness }: Worth): boolean {
  return freshness === 'fresh' || freshness === 'closed' || freshness === 'worthless';
}

function coverageOf({ holdings }: Valuation): Decimal {
  const priced = holdings.fresh + holdings.closed;
  const all = priced + holdings.worthless + holdings.stale + holdings.unpriced;
  if (priced === all) return ONE;
  return normalise(divide(integer(priced), integer(all), COVERAGE_SCALE));
}

function isEmpty({ balances, positions }: Residual): boolean {
  return balances.size === 0 && positions.size === 0;
}

function sumResiduals(residuals: readonly FoundResidual[]): Map<string, Decimal> {
  const sums = new Map<string, Decimal>();
  for (const { residual } of residuals) {
    const contracts = [...residual.positions].map(([name, p]) => [name, p.contracts] as const);
    for (const [name, amount] of [...residual.balances, ...contracts]) {
      sums.set(name, add(sums.get(name) ?? ZERO, amount));
    }
  }
  return sums;
}
