// One week of an account of dollars, shares, an option and coins, told in no broker's words: the
// same seed gives the same bytes. Shares trade in sessions and are worth their last price between
// them; a split or a new name changes what is held and not what it is worth. The truth is computed
// from this file's own book, by the definitions of reference/returns.md 1.1, and shares no code
// with the ledger that it judges.

import { hash32, seededRandom } from '../scenario/random.ts';
import { returnOf } from '../scenario/truth.ts';
import { ONE, units, type Exact, type Units } from '../scenario/units.ts';

export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const HOURS = 7 * 24;
/** 9:30 to 16:00 in New York, in summer. */
const SESSION: readonly [open: number, close: number] = [13.5 * HOUR_MS, 20 * HOUR_MS];
const OPTION = 'QQQ260807C00500000';
const OPTION_MULTIPLIER = 100n;

export interface WeekEvent {
  readonly at: number;
  /** Whether it crosses the perimeter. */
  readonly isFlow: boolean;
  readonly cash: Units;
  readonly holdings: readonly (readonly [symbol: string, change: Units])[];
  /** In the broker's words, without the id. */
  readonly rows: readonly Readonly<Record<string, string>>[];
}

export interface Week {
  readonly start: number;
  readonly end: number;
  readonly reporting: string;
  readonly events: readonly WeekEvent[];
  /** The last price at or before `t`, and whether the minute that ends at `t` traded. */
  readonly price: (symbol: string, t: number) => Units;
  readonly trades: (symbol: string, t: number) => boolean;
  readonly bookAt: (t: number) => { readonly cash: Units; readonly holdings: Map<string, Units> };
  readonly truth: () => readonly { readonly return: Exact | null }[];
}

/** In dollars on the first day. */
const BASES: Readonly<Record<string, number>> = {
  AAPL: 230,
  MSFT: 480,
  TSLA: 310,
  NVDA: 170,
  SQ: 80,
  XYZ: 80,
  'BTC/USD': 61_000,
  [OPTION]: 3,
};

export function buildWeek(seed: number): Week {
  const start = Date.UTC(2026, 7, 5);
  const split = start + 5 * DAY_MS + 22.5 * HOUR_MS;
  const renamed = start + 5 * DAY_MS + 11 * HOUR_MS;
  const price = pricesOf(seed, split);
  const events = eventsOf(seed, start, split, renamed, price);
  const bookAt: Week['bookAt'] = (t) => {
    const holdings = new Map<string, Units>();
    let cash = 0n;
    for (const event of events.filter(({ at }) => at < t)) {
      cash += event.cash;
      for (const [symbol, change] of event.holdings) {
        holdings.set(symbol, (holdings.get(symbol) ?? 0n) + change);
      }
    }
    return { cash, holdings };
  };
  const trades: Week['trades'] = (symbol, t) => {
    const isListed = symbol === 'SQ' ? t <= renamed : symbol !== 'XYZ' || t > renamed;
    return isListed && lastTrade(symbol, t) === t;
  };
  const end = start + HOURS * HOUR_MS;
  const truth = (): ReturnType<Week['truth']> =>
    Array.from({ length: HOURS }, (_, hour) => {
      return { return: trueReturn(events, bookAt, price, start + hour * HOUR_MS) };
    });
  return { start, end, reporting: 'USD', events, price, trades, bookAt, truth };
}

/** The end of the last minute at or before `t` in which a symbol traded. */
function lastTrade(symbol: string, t: number): number {
  const minute = t - (t % MINUTE_MS);
  if (symbol.includes('/')) return minute;
  for (let day = minute - (minute % DAY_MS); ; day -= DAY_MS) {
    const isClosed = [0, 6].includes(new Date(day).getUTCDay());
    if (!isClosed && minute > day + SESSION[0]) return Math.min(minute, day + SESSION[1]);
  }
}

function pricesOf(seed: number, split: number): Week['price'] {
  return (symbol, t) => {
    const at = lastTrade(symbol, t);
    // A new name is the same share.
    const name = symbol === 'XYZ' ? 'SQ' : symbol;
    const word = hash32(...Buffer.from(name));
    const base = BigInt(BASES[name] ?? 0) * 100n;
    const noise = BigInt(hash32(seed, word, Math.floor(at / HOUR_MS)) % 400) - 200n;
    const tick = BigInt(hash32(seed, word, at) % 40) - 20n;
    const cents = (base * (10_000n + noise + tick)) / 10_000n;
    if (symbol !== 'MSFT' || t <= split) return (cents * ONE) / 100n;
    return at <= split ? (cents * ONE) / 400n : ((cents / 4n) * ONE) / 100n;
  };
}

/** How the events of a week are told: each kind by what it needs to be said. */
function writeEvents(price: Week['price']) {
  const events: WeekEvent[] = [];
  const cash = (at: number, type: string, amount: string, more: WeekEvent['rows'][number] = {}) => {
    const flow = /^(CSD|CSW|JNLC)$/.test(type);
    const row = { activity_type: type, net_amount: amount, ...booked(at), ...more };
    events.push({ at, isFlow: flow, cash: units(amount), holdings: [], rows: [row] });
  };
  const fill = (at: number, side: string, symbol: string, qty: string, type = 'fill'): void => {
    const size = side === 'buy' ? units(qty) : -units(qty);
    const each = price(symbol, at);
    const multiplier = symbol === OPTION ? OPTION_MULTIPLIER : 1n;
    const row = { activity_type: 'FILL', transaction_time: nanos(at), type, side, symbol, qty };
    const paid = (-size * each * multiplier) / ONE;
    const rows = [{ ...row, price: textOf(each), leaves_qty: '0', cum_qty: qty }];
    events.push({ at, isFlow: false, cash: paid, holdings: [[symbol, size]], rows });
  };
  const move = (
    at: number,
    type: string,
    legs: readonly (readonly [symbol: string, qty: string, more?: WeekEvent['rows'][number]])[],
  ): void => {
    const rows = legs.map(([symbol, qty, more = booked(at)], index) => ({
      activity_type: type,
      net_amount: '0',
      symbol,
      qty,
      ...more,
      ...(more['created_at'] === undefined ? {} : { created_at: iso(at + index * 179_000) }),
    }));
    const holdings = legs.map(([symbol, qty]) => [named(symbol), units(qty)] as const);
    events.push({ at, isFlow: type === 'ACATS', cash: 0n, holdings, rows });
  };
  return { events, cash, fill, move };
}

function eventsOf(
  seed: number,
  start: number,
  split: number,
  renamed: number,
  price: Week['price'],
): readonly WeekEvent[] {
  const random = seededRandom(hash32(seed, 3));
  const { events, cash, fill, move } = writeEvents(price);
  const instant = (day: number, hour: number, ms = 0): number =>
    start + day * DAY_MS + hour * HOUR_MS + ms;
  // Midnight in New York.
  const first = instant(0, 4);
  const rows = [{ activity_type: 'CSD', date: '2026-08-05', net_amount: '100000' }];
  events.push({ at: first, isFlow: true, cash: units('100000'), holdings: [], rows });
  fill(instant(0, 14, 123), 'buy', 'MSFT', '21');
  fill(instant(0, 15, 4_567), 'buy', 'SQ', '12.5');
  fill(instant(0, 16, 1), 'buy', OPTION, '2');
  fill(instant(0, 22, 77_001), 'buy', 'BTC/USD', '0.2');
  move(instant(1, 1), 'CFEE', [['BTCUSD', '-0.0005']]);
  fill(instant(1, 14, 900_000), 'sell_short', 'TSLA', '50');
  cash(instant(1, 15, 1_230_123), 'JNLC', '5000');
  for (const day of [1, 2, 5]) cash(instant(day, 23, 300_000), 'FEE', `-${1 + day}.37`);
  cash(instant(1, 20, 5), 'FEE', '-9.99', { status: 'canceled' });
  fill(instant(5, 15, 60_000), 'buy', 'TSLA', '50');
  fill(instant(3, 9, 12), 'sell', 'BTC/USD', '0.05');
  // Worthless at the end of its day, told by the day alone.
  move(instant(3, 4) - 1, 'OPEXP', [[OPTION, '-2', { date: '2026-08-07' }]]);
  cash(instant(5, 12), 'DIV', '17.85', { symbol: 'AAPL', qty: '70', per_share_amount: '0.255' });
  cash(instant(5, 12, 1_000), 'DIVNRA', '-2.68', { symbol: 'AAPL' });
  move(renamed, 'NC', [
    ['SQ', '-12.5'],
    ['XYZ', '12.5'],
  ]);
  move(instant(5, 14, 300_000), 'ACATS', [['NVDA', '40']]);
  move(split, 'SPLIT', [
    ['MSFT', '-21'],
    ['MSFT', '84'],
  ]);
  cash(instant(6, 13), 'CSW', '-2500');
  cash(instant(6, 14, 7), 'INT', '-3.01');
  for (let index = 0; index < 140; index += 1) {
    const day = [0, 1, 2, 5, 6][random.below(5)] ?? 0;
    const at = instant(day, 14, random.below(6 * HOUR_MS));
    const [whole, part] = [random.between(1, 9), random.between(1, 999_999)];
    const side = index % 3 === 2 ? 'sell' : 'buy';
    const symbol = day === 6 && index % 2 === 0 ? 'XYZ' : 'AAPL';
    fill(at, side, symbol, `${whole}.${String(part).padStart(6, '0')}`, 'partial_fill');
  }
  return events.toSorted((left, right) => left.at - right.at).map(netOfCanceled);
}

/** What was cancelled never happened. */
function netOfCanceled(event: WeekEvent): WeekEvent {
  return event.rows[0]?.['status'] === 'canceled' ? { ...event, cash: 0n } : event;
}

/** The book knows a coin by its pair. */
function named(symbol: string): string {
  return symbol === 'BTCUSD' ? 'BTC/USD' : symbol;
}

function booked(at: number): Readonly<Record<string, string>> {
  const local = new Date(at - 4 * HOUR_MS).toISOString();
  return { date: local.slice(0, 10), created_at: iso(at), status: 'executed' };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** As the broker writes it: digits beyond the millisecond. */
function nanos(at: number): string {
  return iso(at).replace('Z', '245Z');
}

function textOf(price: Units): string {
  const cents = (price * 100n) / ONE;
  return `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
}

function trueReturn(
  events: readonly WeekEvent[],
  bookAt: Week['bookAt'],
  price: Week['price'],
  hour: number,
): Exact | null {
  const worth = (symbol: string, amount: Units, t: number): bigint =>
    amount * price(symbol, t) * (symbol === OPTION ? OPTION_MULTIPLIER : 1n);
  const equity = (before: number, t: number): bigint => {
    const { cash, holdings } = bookAt(before);
    return [...holdings].reduce(
      (sum, [symbol, amount]) => sum + worth(symbol, amount, t),
      cash * ONE,
    );
  };
  let [numerator, denominator, measured] = [1n, 1n, false];
  let base = equity(hour, hour);
  const close = (value: bigint): void => {
    if (base <= 0n) return;
    [numerator, denominator, measured] = [numerator * value, denominator * base, true];
  };
  for (const flow of events.filter(
    ({ at, isFlow }) => isFlow && at >= hour && at < hour + HOUR_MS,
  )) {
    const { at, cash, holdings } = flow;
    const moved = holdings.reduce((sum, [name, size]) => sum + worth(name, size, at), cash * ONE);
    const after = equity(at + 1, at);
    close(after - moved);
    base = after;
  }
  close(equity(hour + HOUR_MS, hour + HOUR_MS));
  return measured ? returnOf(numerator, denominator) : null;
}
