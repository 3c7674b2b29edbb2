// A second bookkeeper: hourly values and returns straight from the definitions in returns.md, in
// decimal.js at 60 digits. It shares no code with ledger and returns, reads the JSON document as it
// is, and prefers the slow and literal way: average prices instead of costs, every balance summed
// anew at every instant. It knows only complete documents: one anchor at the window's beginning,
// prices of everything at every full hour and flow, and transfers that share a transaction id.

import { Decimal } from 'decimal.js';
import type { EntryJson, InstrumentJson, LedgerJson } from './ledger-json.ts';

export const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_HALF_EVEN });

const HOUR_MS = 3_600_000;

/** Digits of a return, and the least equity a return is measured on: returns.md 1.4 and 6. */
const RETURN_DIGITS = 18;
const DUST = new Exact(10);

export interface OracleHour {
  readonly status: 'measured' | 'dust' | 'no_capital' | 'ruined' | 'quarantined';
  readonly navOpen: Decimal;
  readonly navClose: Decimal;
  readonly flow: Decimal;
  readonly pnl: Decimal;
  readonly return: Decimal | null;
  readonly fees: Decimal;
  readonly balances: ReadonlyMap<string, Decimal>;
}

export interface Holding {
  readonly contracts: Decimal;
  /** Average, harmonic for inverse contracts; 0 where nothing is held. */
  readonly entryPrice: Decimal;
}

interface State {
  readonly balances: Map<string, Decimal>;
  readonly transit: Map<string, Decimal>;
  readonly holdings: Map<string, Holding>;
}

/** One stretch between two cuts. */
interface Stretch {
  readonly base: Decimal;
  readonly end: Decimal;
}

export class Oracle {
  readonly #ledger: LedgerJson;
  readonly #entries: readonly EntryJson[];
  readonly #departed: ReadonlyMap<string, Decimal>;

  constructor(ledger: LedgerJson) {
    this.#ledger = ledger;
    this.#entries = ledger.entries.toSorted(inOrder);
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
      balances: this.#stateAfter(this.#before(end)).balances,
    };
  }

  /** Cut before the inflows of a millisecond, and before every outflow with its fee counted in. */
  #stretches(open: Decimal, close: Decimal, flows: readonly EntryJson[]): Stretch[] {
    const stretches: Stretch[] = [];
    let base = open;
    let inflowsAt = '';
    for (const flow of flows) {
      const isInflow = phaseOf(flow) === 0;
      if (!isInflow || inflowsAt !== flow.at) {
        const before = this.#equity(this.#entries.slice(0, this.#entries.indexOf(flow)), at(flow));
        const end = isInflow ? before : before.plus(this.#feeValue(flow));
        stretches.push({ base, end });
        base = end;
      }
      inflowsAt = isInflow ? flow.at : '';
      base = base.plus(this.#flowValue(flow));
    }
    return [...stretches, { base, end: close }];
  }

  #before(instant: number): readonly EntryJson[] {
    return this.#entries.filter((entry) => at(entry) < instant);
  }

  #stateAfter(entries: readonly EntryJson[]): State {
    const [anchor] = this.#ledger.anchors;
    const state: State = { balances: new Map(), transit: new Map(), holdings: new Map() };
    for (const [asset, amount] of Object.entries(anchor?.balances ?? {})) {
      plus(state.balances, asset, new Exact(amount));
    }
    for (const { instrument, contracts, entryPrice } of anchor?.positions ?? []) {
      const holding = { contracts: new Exact(contracts), entryPrice: new Exact(entryPrice) };
      state.holdings.set(instrument, holding);
    }
    for (const entry of entries) this.#apply(state, entry);
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

  /** The latest: direct, over one other asset, or the reporting currency's own upside down. */
  #price(asset: string, instant: number): Decimal {
    const currency = this.#ledger.account.reportingCurrency;
    if (asset === currency) return new Exact(1);
    const known = this.#ledger.prices.filter((price) => Date.parse(price.at) <= instant);
    const latest = known.reduce((time, price) => (price.at > time ? price.at : time), '');
    const quotes = known.filter((price) => price.at === latest);
    const one = (from: string, to: string): Decimal | undefined => {
      const direct = quotes.find((q) => q.asset === from && q.currency === to);
      if (direct !== undefined) return new Exact(direct.price);
      const back = quotes.find((q) => q.asset === to && q.currency === from && to === currency);
      return back === undefined ? undefined : new Exact(1).div(back.price);
    };
    const direct = one(asset, currency);
    if (direct !== undefined) return direct;
    for (const { asset: first, currency: second } of quotes) {
      const [leg, last] = [one(asset, second), one(second, currency)];
      if (first === asset && leg !== undefined && last !== undefined) return leg.times(last);
    }
    throw new Error(`no price of ${asset}`);
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

/** Average price in; average price stays on the way out; beyond zero the rest opens anew. */
function traded(
  { contracts: held, entryPrice }: Holding,
  contracts: Decimal,
  price: Decimal,
  harmonic: boolean,
): { holding: Holding; closed: Decimal; entryPrice: Decimal } {
  const sum = held.plus(contracts);
  if (held.isZero() || held.isNegative() === contracts.isNegative()) {
    const average = harmonic
      ? sum.div(
          held.isZero() ? contracts.div(price) : held.div(entryPrice).plus(contracts.div(price)),
        )
      : held.times(entryPrice).plus(contracts.times(price)).div(sum);
    return { holding: { contracts: sum, entryPrice: average }, closed: new Exact(0), entryPrice };
  }
  if (sum.isZero() || sum.isNegative() === held.isNegative()) {
    const kept = sum.isZero() ? new Exact(0) : entryPrice;
    return { holding: { contracts: sum, entryPrice: kept }, closed: contracts.neg(), entryPrice };
  }
  return { holding: { contracts: sum, entryPrice: price }, closed: held, entryPrice };
}

/** What `contracts` earned between two prices; negative contracts are short. */
function gain(
  instrument: InstrumentJson,
  contracts: Decimal,
  entry: Decimal,
  exit: Decimal,
): Decimal {
  if (contracts.isZero()) return new Exact(0);
  const size = contracts.times(sizeOf(instrument));
  if (!paysInCoin(instrument)) return size.times(exit.minus(entry));
  return size.times(new Exact(1).div(entry).minus(new Exact(1).div(exit)));
}

function judge(stretches: readonly Stretch[]): Pick<OracleHour, 'status' | 'return'> {
  const measured = stretches.filter(({ base }) => base.gte(DUST));
  if (measured.some(({ end }) => end.lte(0))) return { status: 'ruined', return: new Exact(-1) };
  if (measured.length > 0) {
    const growth = measured.reduce((product, { base, end }) => product.times(end).div(base), one());
    return { status: 'measured', return: growth.minus(1).toDecimalPlaces(RETURN_DIGITS) };
  }
  const some = stretches.some(({ base }) => base.gt(0));
  return { status: some ? 'dust' : 'no_capital', return: null };
}

/** Within a millisecond inflows, then everything else, then outflows; then by id. */
function inOrder(left: EntryJson, right: EntryJson): number {
  if (at(left) !== at(right)) return at(left) - at(right);
  if (phaseOf(left) !== phaseOf(right)) return phaseOf(left) - phaseOf(right);
  return left.id < right.id ? -1 : 1;
}

function phaseOf(entry: EntryJson): 0 | 1 | 2 {
  if (entry.kind !== 'flow') return 1;
  const amounts = entry.postings.filter(({ role }) => role !== 'fee').map(({ amount }) => amount);
  const moved = [...amounts, entry.position?.contracts ?? '0'];
  return moved.some((amount) => amount.startsWith('-')) ? 2 : 0;
}

function at(entry: EntryJson): number {
  return Date.parse(entry.at);
}

function sumOf({ postings }: EntryJson): Decimal {
  return total(postings.filter(({ role }) => role !== 'fee').map((p) => new Exact(p.amount)));
}

function sizeOf({ contractSize, multiplier }: InstrumentJson): Decimal {
  return new Exact(contractSize ?? '1').times(multiplier ?? '1');
}

function paysInCoin({ kind, base, settle }: InstrumentJson): boolean {
  return kind === 'inverse' || (kind === 'future' && settle === base);
}

function isPaidInFull({ kind }: InstrumentJson): boolean {
  return kind === 'equity' || kind === 'option';
}

function holdingOf(state: State, name: string): Holding {
  return state.holdings.get(name) ?? { contracts: new Exact(0), entryPrice: new Exact(0) };
}

function plus(map: Map<string, Decimal>, name: string, amount: Decimal): void {
  map.set(name, (map.get(name) ?? new Exact(0)).plus(amount));
}

function total(parts: readonly Decimal[]): Decimal {
  return parts.reduce((sum, part) => sum.plus(part), new Exact(0));
}

function one(): Decimal {
  return new Exact(1);
}
