// Minute price paths of every market, and the one convention that turns them into prices: the price
// at an instant t is the close of the last complete minute candle, [m - 60 s, m) with m = floor(t /
// 60 s) * 60 s. At a full hour that is also the close of the 1h candle before it. Paths are counted
// in whole ticks, which a double holds exactly; they leave this file as exact units.

import { REPORTING, markSeries } from './markets.ts';
import type { Market } from './markets.ts';
import { hash32, seededRandom } from './random.ts';
import { ONE } from './units.ts';
import type { Units } from './units.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
/**
 * Candles exist this long before the start: a price at the start needs one, and callers ask for
 * more.
 */
const LEAD_MS = 24 * HOUR_MS;
const MINUTES_PER_KNOT = 480;

export interface Candle {
  readonly openTime: number;
  readonly open: Units;
  readonly high: Units;
  readonly low: Units;
  readonly close: Units;
  readonly volume: Units;
  readonly trades: number;
}

export interface Prices {
  readonly firstCandle: number;
  /**
   * The price of a series (`BTC/USDT`, `BTC/USDT:USDT`, `BTC/USDT:USDT mark`) by the convention.
   */
  readonly at: (series: string, t: number) => Units;
  /** The candle that opens at `openTime`, as far as it is known at `now`. */
  readonly candle: (series: string, openTime: number, intervalMs: number, now: number) => Candle;
  /** The asset's value in the reporting currency, in 1e-16. */
  readonly value: (asset: string, t: number) => bigint;
}

interface Series {
  readonly tick: Units;
  readonly spread: number;
  readonly key: number;
  readonly close: (minute: number) => number;
}

interface Ticks {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

export function buildPrices(seed: number, start: number, markets: readonly Market[]): Prices {
  const firstCandle = start - LEAD_MS;
  const firstMinute = firstCandle / MINUTE_MS;
  const series = new Map<string, Series>();
  const find = (name: string): Series => {
    const found = series.get(name);
    if (found === undefined) throw new Error(`no price series ${name}`);
    return found;
  };
  for (const [index, market] of markets.entries()) {
    const key = hash32(seed, index);
    const close = market.perpetual
      ? premiumPath(find(`${market.base}/${market.quote}`), market.tick, key)
      : market.startTicks === null
        ? crossPath(find(`${market.base}/${REPORTING}`), find(`BTC/${REPORTING}`), market.tick)
        : walk(key, firstMinute, market.startTicks, market.noise);
    series.set(market.symbol, { tick: market.tick, spread: market.noise || 300, key, close });
    if (market.perpetual) {
      const mark = premiumPath(find(`${market.base}/${market.quote}`), 1n, key);
      series.set(markSeries(market.symbol), { tick: 1n, spread: 100, key: key + 1, close: mark });
    }
  }
  const at = (name: string, t: number): Units => {
    const found = find(name);
    return BigInt(found.close(Math.floor(t / MINUTE_MS) - 1)) * found.tick;
  };
  return {
    firstCandle,
    at,
    candle: cachedCandles(find),
    value: (asset, t) => {
      if (asset === REPORTING) return ONE * ONE;
      if (series.has(`${asset}/${REPORTING}`)) return at(`${asset}/${REPORTING}`, t) * ONE;
      return at(`${asset}/BTC`, t) * at(`BTC/${REPORTING}`, t);
    },
  };
}

/**
 * Random steps with a weak pull back to the start, extended on demand: minute n needs all before
 * it.
 */
function walk(key: number, firstMinute: number, start: number, noise: number) {
  const random = seededRandom(key);
  const closes = [start];
  return (minute: number): number => {
    const index = Math.max(0, minute - firstMinute);
    for (let last = closes.at(-1) ?? start; closes.length <= index; closes.push(last)) {
      const step = random.below(2 * noise + 1) + random.below(2 * noise + 1) - 2 * noise;
      last += Math.round((last * step) / 1e6 + (start - last) / 6_000);
    }
    return closes[index] ?? start;
  };
}

function crossPath(base: Series, quote: Series, tick: Units) {
  return (minute: number): number => {
    const price = BigInt(base.close(minute)) * base.tick * ONE;
    return Number(price / (BigInt(quote.close(minute)) * quote.tick) / tick);
  };
}

/** Index x (1 + premium): a slow premium between eight-hour knots and a little noise per minute. */
function premiumPath(index: Series, tick: Units, key: number) {
  return (minute: number): number => {
    const knot = Math.floor(minute / MINUTES_PER_KNOT);
    const along = (minute % MINUTES_PER_KNOT) / MINUTES_PER_KNOT;
    const from = (hash32(key, knot) % 301) - 150;
    const to = (hash32(key, knot + 1) % 301) - 150;
    const noise = (hash32(key, minute, Number(tick)) % 41) - 20;
    const units = index.close(minute) * Number(index.tick);
    const premium = Math.round(from + (to - from) * along) + noise;
    return Math.round((units + Math.round((units * premium) / 1e6)) / Number(tick));
  };
}

/** One candle from its minutes; finished hours are kept, they are asked for again and again. */
function cachedCandles(find: (name: string) => Series): Prices['candle'] {
  const finished = new Map<string, Candle>();
  return (name, openTime, intervalMs, now) => {
    const key = `${name} ${openTime} ${intervalMs}`;
    const known = finished.get(key);
    if (known !== undefined && openTime + intervalMs <= now) return known;
    const candle = candleOf(find(name), openTime, intervalMs, now);
    if (intervalMs === HOUR_MS && openTime + intervalMs <= now) finished.set(key, candle);
    return candle;
  };
}

function candleOf(series: Series, openTime: number, intervalMs: number, now: number): Candle {
  let whole: Ticks | undefined;
  let volume = 0;
  let trades = 0;
  const end = Math.min(openTime + intervalMs, now + 1);
  for (let time = openTime; time < end; time += MINUTE_MS) {
    const ticks = minuteTicks(series, time / MINUTE_MS, now);
    whole = {
      open: whole?.open ?? ticks.open,
      high: Math.max(whole?.high ?? ticks.high, ticks.high),
      low: Math.min(whole?.low ?? ticks.low, ticks.low),
      close: ticks.close,
    };
    const size = hash32(series.key, time / MINUTE_MS, 3);
    volume += 1_000_000 + (size % 900_000_000);
    trades += 1 + (size % 97);
  }
  const { open, high, low, close } = whole ?? { open: 0, high: 0, low: 0, close: 0 };
  const exact = (count: number): Units => BigInt(count) * series.tick;
  return {
    openTime,
    open: exact(open),
    high: exact(high),
    low: exact(low),
    close: exact(close),
    volume: BigInt(volume),
    trades,
  };
}

/** Open, high, low, close of one minute; of the running minute only the part until `now`. */
function minuteTicks(series: Series, minute: number, now: number): Ticks {
  const open = series.close(minute - 1);
  const last = series.close(minute);
  const elapsed = Math.min(1, Math.max(0, now - minute * MINUTE_MS) / MINUTE_MS);
  const close = Math.round(open + (last - open) * elapsed);
  if (elapsed < 1) return { open, high: Math.max(open, close), low: Math.min(open, close), close };
  const wick = (word: number): number =>
    Math.round((last * (hash32(series.key, minute, word) % series.spread)) / 2e6);
  return {
    open,
    high: Math.max(open, close) + wick(1),
    low: Math.min(open, close) - wick(2),
    close,
  };
}
