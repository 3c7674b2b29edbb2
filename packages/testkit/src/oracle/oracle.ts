// A second bookkeeper: hourly values and returns straight from the definitions in returns.md, in
// decimal.js at 60 digits. It shares no code with ledger and returns, reads the JSON document as it
// is, and prefers the slow and literal way: average prices instead of costs, every balance summed
// anew at every instant. It knows only complete documents: one anchor at the window's beginning,
// prices of everything at every full hour and flow, and transfers that share a transaction id.

import type { Decimal } from 'decimal.js';
import {
  at,
  Exact,
  gain,
  type Holding,
  inOrder,
  isPaidInFull,
  judge,
  one,
  paysInCoin,
  phaseOf,
  plus,
  sizeOf,
  type Stretch,
  sumOf,
  total,
  traded,
  type Verdict,
} from './definitions.ts';
import type { EntryJson, InstrumentJson, LedgerJson } from './ledger-json.ts';

const HOUR_MS = 3_600_000;

export interface OracleHour extends Verdict {
  readonly navOpen: Decimal;
  readonly navClose: Decimal;
  readonly flow: Decimal;
  readonly pnl: Decimal;
  readonly fees: Decimal;
  readonly funding: Decimal;
  readonly income: Decimal;
  readonly realised: Decimal;
  readonly unrealised: Decimal;
  readonly fx: Decimal;
  readonly balances: ReadonlyMap<string, Decimal>;
}

/** What is cash in these ledgers. */
const CASH = ['USD', 'EUR', 'USDT'];

const FUNDING = ['funding'];
const INCOME = ['interest', 'dividend', 'withholding', 'reward', 'airdrop'];
const REALISED = ['realised'];

interface State {
  readonly balances: Map<string, Decimal>;
  readonly transit: Map<string, Decimal>;
  readonly holdings: Map<string, Holding>;
  /** What closed contracts earned, per asset, so far. */
  readonly derived: Map<string, Decimal>;
}

export class Oracle {
  readonly #ledger: LedgerJson;
  readonly #entries: readonly EntryJson[];
  readonly #departed: ReadonlyMap<string, Decimal>;
  readonly #quotes: ReadonlyMap<string, LedgerJson['prices']>;
  /** Newest first. */
  readonly #quotedAt: readonly number[];
  /** By how many of the entries it is after. */
  readonly #states = new Map<number, State>();

  constructor(ledger: LedgerJson) {
    this.#ledger = ledger;
    this.#entries = ledger.entries.toSorted(inOrder);
    this.#quotes = Map.groupBy(ledger.prices, (price) => price.at);
    this.#quotedAt = [...this.#quotes.keys()].map((at) => Date.parse(at)).sort((a, b) => b - a);
    this.#departed = new Map(
      ledger.entries
        .filter((entry) => entry.kind === 'transfer' && sumOf(entry).isNegative())
        .map((entry) => [entry.txid ?? '', sumOf(entry).neg()]),
    );
  }

  hours(): OracleHour[] {
    const { from, to } = this.#ledger.window;
    const hours: OracleHour[] = [];
    for (let start = Date.parse(from); start < Date.parse(to); start += HOUR_MS) {
      hours.push(this.#hour(start));
    }
    return hours;
  }

  /** What is held after everything before `at`. */
  holdingsAt(at: number): { balances: Map<string, Decimal>; holdings: Map<string, Holding> } {
    return this.#stateAfter(this.#before(at));
  }

  #hour(start: number): OracleHour {
    const end = start + HOUR_MS;
    const navOpen = this.#equity(this.#before(start), start);
    const navClose = this.#equity(this.#before(end), end);
    const inside = this.#entries.filter(
      ({ at }) => Date.parse(at) >= start && Date.parse(at) < end,
    );
    const flows = inside.filter(({ kind }) => kind === 'flow');
    const flow = total(flows.map((entry) => this.#flowValue(entry)));
    const verdict = this.#isOverdrawn(start, inside)
      ? ({ status: 'quarantined', return: null } as const)
      : judge(this.#stretches(navOpen, navClose, flows));
    return {
      ...verdict,
      navOpen,
      navClose,
      flow,
      pnl: navClose.minus(navOpen).minus(flow),
      fees: total(inside.map((entry) => this.#fees(entry))),
      funding: total(inside.map((entry) => this.#paid(entry, FUNDING))),
      income: total(inside.map((entry) => this.#paid(entry, INCOME))),
      realised: total(inside.map((entry) => this.#realised(entry))),
      unrealised: this.#unrealised(start, inside),
      fx: total(this.#quotedWithin(start).map((instant) => this.#revalued(instant))),
      balances: this.#stateAfter(this.#before(end)).balances,
    };
  }

  /** Instants in (start, start + 1 h] at which something is quoted. */
  #quotedWithin(start: number): readonly number[] {
    return this.#quotedAt.filter((instant) => instant > start && instant <= start + HOUR_MS);
  }

  /** What new rates made of the cash that is held, or on its way, when they come. */
  #revalued(instant: number): Decimal {
    const { balances, transit } = this.#stateAfter(this.#before(instant));
    const held = [...balances, ...transit].filter(([asset]) => CASH.includes(asset));
    return total(
      held.map(([asset, amount]) =>
        amount.times(this.#price(asset, instant).minus(this.#price(asset, instant - 1))),
      ),
    );
  }

  /** What new prices made of all but cash, and what each entry brought beyond its other parts. */
  #unrealised(start: number, inside: readonly EntryJson[]): Decimal {
    const moved = this.#quotedWithin(start).map((instant) => {
      const held = this.#before(instant);
      const change = this.#equity(held, instant).minus(this.#equity(held, instant - 1));
      return change.minus(this.#revalued(instant));
    });
    const traded = inside.map((entry) => {
      const known = this.#entries.indexOf(entry);
      const [before, after] = [known, known + 1].map((count) =>
        this.#equity(this.#entries.slice(0, count), at(entry)),
      );
      const other = entry.kind === 'flow' ? this.#flowValue(entry) : new Exact(0);
      return total([
        (after ?? one()).minus(before ?? one()),
        other.neg(),
        this.#fees(entry).neg(),
        this.#paid(entry, [...FUNDING, ...INCOME]).neg(),
        this.#realised(entry).neg(),
      ]);
    });
    return total([...moved, ...traded]);
  }

  #paid({ kind, postings, at: time }: EntryJson, kinds: readonly string[]): Decimal {
    if (!kinds.includes(kind)) return new Exact(0);
    const paid = postings.filter(({ role }) => role !== 'fee');
    return total(
      paid.map(({ asset, amount }) => this.#price(asset, Date.parse(time)).times(amount)),
    );
  }

  /** What the venue posts as profit, and what follows from a closing fill. */
  #realised(entry: EntryJson): Decimal {
    const known = this.#entries.indexOf(entry);
    const [before, after] = [known, known + 1].map(
      (count) => this.#stateAfter(this.#entries.slice(0, count)).derived,
    );
    const gained = [...(after ?? [])].map(([asset, sum]) =>
      sum.minus(before?.get(asset) ?? 0).times(this.#price(asset, at(entry))),
    );
    return total([...gained, this.#paid(entry, REALISED)]);
  }

  /** Cut before the inflows of a millisecond, and before its outflows when their fees are paid. */
  #stretches(open: Decimal, close: Decimal, flows: readonly EntryJson[]): Stretch[] {
    const stretches: Stretch[] = [];
    let base = open;
    let cut = '';
    for (const flow of flows) {
      const phase = phaseOf(flow);
      if (cut !== `${flow.at} ${phase}`) {
        cut = `${flow.at} ${phase}`;
        const before = this.#equity(this.#entries.slice(0, this.#entries.indexOf(flow)), at(flow));
        const leaving = flows.filter((other) => other.at === flow.at && phaseOf(other) === 2);
        const fees = phase === 2 ? leaving.map((other) => this.#feeValue(other)) : [];
        const end = before.plus(total(fees));
        stretches.push({ base, end });
        base = end;
      }
      base = base.plus(this.#flowValue(flow));
    }
    return [...stretches, { base, end: close }];
  }

  #before(instant: number): readonly EntryJson[] {
    return this.#entries.filter((entry) => at(entry) < instant);
  }

  /** The entries are always the first ones. */
  #stateAfter(entries: readonly EntryJson[]): State {
    const known = this.#states.get(entries.length);
    if (known !== undefined) return known;
    const [anchor] = this.#ledger.anchors;
    const state: State = {
      balances: new Map(),
      transit: new Map(),
      holdings: new Map(),
      derived: new Map(),
    };
    for (const [asset, amount] of Object.entries(anchor?.balances ?? {})) {
      plus(state.balances, asset, new Exact(amount));
    }
    for (const { instrument, contracts, entryPrice } of anchor?.positions ?? []) {
      const holding = { contracts: new Exact(contracts), entryPrice: new Exact(entryPrice) };
      state.holdings.set(instrument, holding);
    }
    for (const entry of entries) this.#apply(state, entry);
    this.#states.set(entries.length, state);
    return state;
  }

  #apply(state: State, entry: EntryJson): void {
    for (const { asset, amount } of entry.postings) plus(state.balances, asset, new Exact(amount));
    if (entry.kind === 'transfer') {
      const [asset = ''] = entry.postings.map((posting) => posting.asset);
      const departed = this.#departed.get(entry.txid ?? '') ?? new Exact(0);
      plus(state.transit, asset, sumOf(entry).isNegative() ? departed : departed.neg());
    }
    if (entry.split !== undefined) {
      const holding = holdingOf(state, entry.split.instrument);
      const contracts = holding.contracts.times(entry.split.ratio);
      state.holdings.set(entry.split.instrument, { ...holding, contracts });
    }
    if (entry.position === undefined) return;
    const { instrument: name, contracts, price } = entry.position;
    const instrument = this.#instrument(name);
    const { holding, closed, entryPrice } = traded(
      holdingOf(state, name),
      new Exact(contracts),
      new Exact(price),
      paysInCoin(instrument),
    );
    state.holdings.set(name, holding);
    if (isPaidInFull(instrument) || instrument.realised === 'posted') return;
    const profit = gain(instrument, closed, entryPrice, new Exact(price));
    plus(state.balances, instrument.settle, profit);
    plus(state.derived, instrument.settle, profit);
  }

  #equity(entries: readonly EntryJson[], instant: number): Decimal {
    const { balances, transit, holdings } = this.#stateAfter(entries);
    const parts = [...balances, ...transit].map(([asset, amount]) =>
      amount.times(this.#price(asset, instant)),
    );
    for (const [name, { contracts, entryPrice }] of holdings) {
      if (contracts.isZero()) continue;
      const instrument = this.#instrument(name);
      const mark = this.#mark(name, instant);
      const worth = isPaidInFull(instrument)
        ? contracts.times(sizeOf(instrument)).times(mark)
        : gain(instrument, contracts, entryPrice, mark);
      parts.push(worth.times(this.#price(instrument.settle, instant)));
    }
    return total(parts);
  }

  #flowValue(flow: EntryJson): Decimal {
    const parts = flow.postings
      .filter(({ role }) => role !== 'fee')
      .map(({ asset, amount }) => this.#price(asset, at(flow)).times(amount));
    if (flow.position !== undefined) {
      const { instrument, contracts } = flow.position;
      const { settle } = this.#instrument(instrument);
      const worth = this.#mark(instrument, at(flow)).times(sizeOf(this.#instrument(instrument)));
      parts.push(worth.times(contracts).times(this.#price(settle, at(flow))));
    }
    return total(parts);
  }

  #feeValue(entry: EntryJson): Decimal {
    const fees = entry.postings.filter(({ role }) => role === 'fee');
    return total(fees.map(({ asset, amount }) => this.#price(asset, at(entry)).times(amount)));
  }

  /** Fee postings, fee and rebate entries, and what a transfer did not bring to the other side. */
  #fees(entry: EntryJson): Decimal {
    if (entry.kind === 'fee' || entry.kind === 'rebate') {
      return total(entry.postings.map((p) => this.#price(p.asset, at(entry)).times(p.amount)));
    }
    const fees = this.#feeValue(entry);
    if (entry.kind !== 'transfer' || sumOf(entry).isNegative()) return fees;
    const [asset = ''] = entry.postings.map((posting) => posting.asset);
    const lost = sumOf(entry).minus(this.#departed.get(entry.txid ?? '') ?? 0);
    return fees.plus(lost.times(this.#price(asset, at(entry))));
  }

  /** Below zero at the opening of the hour or after any millisecond of it, and not to be owed. */
  #isOverdrawn(start: number, inside: readonly EntryJson[]): boolean {
    const instants = [start, ...inside.map((entry) => at(entry) + 1)];
    const owed = this.#owed();
    return instants.some((instant) =>
      [...this.#stateAfter(this.#before(instant)).balances].some(
        ([asset, balance]) => balance.isNegative() && !balance.isZero() && !owed.has(asset),
      ),
    );
  }

  #owed(): ReadonlySet<string> {
    const { anchors, entries, instruments } = this.#ledger;
    const shown = anchors.flatMap(({ balances }) => Object.entries(balances));
    const interest = entries.filter(({ kind }) => kind === 'interest');
    return new Set([
      ...[...shown, ...interest.flatMap((e) => e.postings.map((p) => [p.asset, p.amount] as const))]
        .filter(([, amount]) => amount.startsWith('-'))
        .map(([asset]) => asset),
      ...Object.values(instruments).flatMap((i) => [i.settle, i.quote]),
      ...Object.values(instruments)
        .filter(({ kind }) => kind === 'equity' || kind === 'fx')
        .map(({ base }) => base),
    ]);
  }

  /** The latest: direct, the reporting currency's own upside down, or over another asset. */
  #price(asset: string, instant: number): Decimal {
    const currency = this.#ledger.account.reportingCurrency;
    if (asset === currency) return new Exact(1);
    const latest = this.#quotedAt.find((quoted) => quoted <= instant) ?? Number.NaN;
    const quotes = this.#quotes.get(new Date(latest).toISOString()) ?? [];
    const one = (from: string, to: string): Decimal | undefined => {
      const direct = quotes.find((q) => q.asset === from && q.currency === to);
      if (direct !== undefined) return new Exact(direct.price);
      const back = quotes.find((q) => q.asset === to && q.currency === from && to === currency);
      return back === undefined ? undefined : new Exact(1).div(back.price);
    };
    const direct = one(asset, currency);
    if (direct !== undefined) return direct;
    const leg = quotes.find((quote) => quote.asset === asset);
    if (leg === undefined) throw new Error(`no price of ${asset}`);
    return this.#price(leg.currency, instant).times(leg.price);
  }

  #mark(instrument: string, instant: number): Decimal {
    const known = this.#ledger.marks
      .filter((mark) => mark.instrument === instrument && Date.parse(mark.at) <= instant)
      .toSorted((left, right) => (left.at < right.at ? -1 : 1));
    return new Exact(known.at(-1)?.price ?? Number.NaN);
  }

  #instrument(name: string): InstrumentJson {
    const instrument = this.#ledger.instruments[name];
    if (instrument === undefined) throw new Error(`no instrument ${name}`);
    return instrument;
  }
}

function holdingOf(state: State, name: string): Holding {
  return state.holdings.get(name) ?? { contracts: new Exact(0), entryPrice: new Exact(0) };
}
