// The true equity, flows and returns of a scenario, hour by hour, from its own book and price
// paths. Hours are half-open [h, h + 1 h): an event at exactly h belongs to the hour that starts
// there, so equity at h is the book of everything before h at the prices of h. Return: cut at every
// flow, product of value-before-flow / base, sub-periods with a positive base only
// (reference/returns.md 1.1). Everything is exact until the one rounding to eighteen digits.

import { emptyBook, post, unrealised } from './book.ts';
import type { Book } from './book.ts';
import { flowOf } from './events.ts';
import type { ScenarioEvent, Wallet } from './events.ts';
import { markSeries } from './markets.ts';
import { HOUR_MS } from './prices.ts';
import type { Prices } from './prices.ts';
import { ONE } from './units.ts';
import type { Exact, Units } from './units.ts';

const RETURN_DIGITS = 18;
const RETURN_ONE = 10n ** BigInt(RETURN_DIGITS);
/** Equity is a sum of amount x price x price, each in 1e-8. */
const EQUITY_SCALE = 24;

export interface TrueFlow {
  readonly id: bigint;
  readonly at: number;
  readonly asset: string;
  readonly amount: Exact;
  readonly value: Exact;
}

export interface TrueHour {
  readonly hour: number;
  readonly equityOpen: Exact;
  readonly equityClose: Exact;
  readonly flows: readonly TrueFlow[];
  /** 1 + return as an exact fraction; null when no capital was at work. */
  readonly growth: { readonly numerator: bigint; readonly denominator: bigint } | null;
  /** Eighteen digits, half-even. */
  readonly return: Exact | null;
  /** At the close, all wallets together; assets at zero are absent. */
  readonly balances: ReadonlyMap<string, Exact>;
  readonly wallets: ReadonlyMap<Wallet, ReadonlyMap<string, Exact>>;
  readonly positions: ReadonlyMap<string, Exact>;
}

export function computeTruth(
  events: readonly ScenarioEvent[],
  prices: Prices,
  start: number,
  hours: number,
): readonly TrueHour[] {
  const book = emptyBook();
  const result: TrueHour[] = [];
  let next = 0;
  for (let hour = start; hour < start + hours * HOUR_MS; hour += HOUR_MS) {
    const until = events.findIndex((event, index) => index >= next && event.at >= hour + HOUR_MS);
    const within = events.slice(next, until < 0 ? events.length : until);
    next += within.length;
    result.push(trueHour(book, within, prices, hour));
  }
  return result;
}

/** Equity in 1e-24 of the reporting currency. */
function equityAt(book: Book, prices: Prices, t: number): bigint {
  let total = 0n;
  for (const wallet of Object.values(book.wallets)) {
    for (const [asset, amount] of wallet) {
      if (amount !== 0n) total += amount * prices.value(asset, t);
    }
  }
  for (const [market, position] of book.positions) {
    total += unrealised(position, prices.at(markSeries(market), t)) * ONE;
  }
  return total;
}

function trueHour(
  book: Book,
  events: readonly ScenarioEvent[],
  prices: Prices,
  hour: number,
): TrueHour {
  const equityOpen = equityAt(book, prices, hour);
  const flows: TrueFlow[] = [];
  let numerator = 1n;
  let denominator = 1n;
  let base = equityOpen;
  let measured = false;
  const closePeriod = (value: bigint): void => {
    if (base <= 0n) return;
    numerator *= value;
    denominator *= base;
    measured = true;
  };
  for (const event of events) {
    post(book, event);
    const flow = flowOf(event);
    if (flow === null) continue;
    const value = flow.amount * prices.value(flow.asset, event.at);
    const after = equityAt(book, prices, event.at);
    closePeriod(after - value);
    base = after;
    flows.push({
      id: event.id,
      at: event.at,
      asset: flow.asset,
      amount: exact(flow.amount),
      value: { mantissa: value, scale: EQUITY_SCALE },
    });
  }
  const equityClose = equityAt(book, prices, hour + HOUR_MS);
  closePeriod(equityClose);
  return {
    hour,
    equityOpen: { mantissa: equityOpen, scale: EQUITY_SCALE },
    equityClose: { mantissa: equityClose, scale: EQUITY_SCALE },
    flows,
    growth: measured ? { numerator, denominator } : null,
    return: measured ? returnOf(numerator, denominator) : null,
    ...holdings(book),
  };
}

/** Eighteen digits, half-even. */
export function returnOf(numerator: bigint, denominator: bigint): Exact {
  const top = (numerator - denominator) * RETURN_ONE;
  let quotient = top / denominator;
  const twice = 2n * (top % denominator);
  const size = twice < 0n ? -twice : twice;
  if (size > denominator || (size === denominator && quotient % 2n !== 0n)) {
    quotient += twice < 0n ? -1n : 1n;
  }
  return { mantissa: quotient, scale: RETURN_DIGITS };
}

function holdings(book: Book): Pick<TrueHour, 'balances' | 'wallets' | 'positions'> {
  const total = new Map<string, Units>();
  const wallets = new Map<Wallet, ReadonlyMap<string, Exact>>();
  for (const name of ['spot', 'funding', 'futures'] as const) {
    for (const [asset, amount] of book.wallets[name]) {
      total.set(asset, (total.get(asset) ?? 0n) + amount);
    }
    wallets.set(name, nonZero(book.wallets[name]));
  }
  const contracts = [...book.positions].map(([market, held]) => [market, held.contracts] as const);
  return { balances: nonZero(total), wallets, positions: nonZero(new Map(contracts)) };
}

function nonZero(amounts: ReadonlyMap<string, Units>): ReadonlyMap<string, Exact> {
  return new Map(
    [...amounts]
      .filter(([, amount]) => amount !== 0n)
      .map(([asset, amount]) => [asset, exact(amount)]),
  );
}

function exact(amount: Units): Exact {
  return { mantissa: amount, scale: 8 };
}
