// Two attacks on published returns. The first tries every set of one or two symbols and takes the
// one whose least squares leave the least; the second solves the hour of an entry for its price,
// once the symbol is known. Both attackers know all public prices, and nothing of the account.

import type { Random } from '@track-record/testkit';
import { SYMBOLS, type Market } from './market.ts';

export interface Book {
  /** Different symbols, ascending. */
  readonly symbols: readonly number[];
  readonly weights: readonly number[];
}

export function openBook(random: Random, size: 1 | 2): Book {
  const first = random.below(SYMBOLS);
  const second = (first + 1 + random.below(SYMBOLS - 1)) % SYMBOLS;
  const symbols = [first, second].slice(0, size).toSorted((one, other) => one - other);
  return { symbols, weights: symbols.map(() => weight(random)) };
}

/** Three tenths to one and a half of equity, long or short. */
function weight(random: Random): number {
  return (0.3 + random.below(1200) / 1000) * (random.below(2) === 0 ? 1 : -1);
}

export function returnsOf(market: Market, { symbols, weights }: Book): readonly number[] {
  return market.map((row) =>
    symbols.reduce((sum, symbol, at) => sum + (weights[at] ?? 0) * (row[symbol] ?? 0), 0),
  );
}

/** To so many decimals; Infinity leaves the number as it is. */
export function rounded(value: number, digits: number): number {
  return Number.isFinite(digits) ? Number(value.toFixed(digits)) : value;
}

/** The symbols that explain the published returns best: as many as the book has. */
export function invert(market: Market, published: readonly number[], size: 1 | 2): string {
  const products = productsOf(market, published);
  let best = { left: Infinity, found: '' };
  for (let one = 0; one < SYMBOLS; one += 1) {
    const last = size === 1 ? one + 1 : SYMBOLS;
    for (let other = size === 1 ? one : one + 1; other < last; other += 1) {
      const left = leftBy(products, one, other);
      if (left < best.left) best = { left, found: size === 1 ? `${one}` : `${one},${other}` };
    }
  }
  return best.found;
}

interface Products {
  /** Sums over the hours of one symbol's returns times another's. */
  readonly among: readonly Float64Array[];
  readonly withPublished: Float64Array;
}

function productsOf(market: Market, published: readonly number[]): Products {
  const among = Array.from({ length: SYMBOLS }, () => new Float64Array(SYMBOLS));
  const withPublished = new Float64Array(SYMBOLS);
  for (const [hour, row] of market.entries()) {
    const target = published[hour] ?? 0;
    for (const [one, sums] of among.entries()) {
      const move = row[one] ?? 0;
      withPublished[one] = (withPublished[one] ?? 0) + move * target;
      for (let other = 0; other <= one; other += 1) {
        sums[other] = (sums[other] ?? 0) + move * (row[other] ?? 0);
      }
    }
  }
  return { among, withPublished };
}

/** Minus what least squares on these symbols explain: smaller is better. */
function leftBy({ among, withPublished }: Products, one: number, other: number): number {
  const a = among[one]?.[one] ?? 0;
  const u = withPublished[one] ?? 0;
  if (one === other) return -(u * u) / a;
  const b = among[other]?.[one] ?? 0;
  const c = among[other]?.[other] ?? 0;
  const v = withPublished[other] ?? 0;
  const determinant = a * c - b * b;
  return -(c * u * u - 2 * b * u * v + a * v * v) / determinant;
}

const MINUTES = 60;
/** Deviation of a minute's price change. */
const MINUTE_DEVIATION = 0.0008;

export interface Entry {
  /** Relative error of the attacker's price, in basis points. */
  readonly errorBp: number;
  /** How many of the sixty minutes have a price that the published figure does not rule out. */
  readonly minutes: number;
}

/**
 * A position is opened at some minute of the first hour and held for `hours`; `others` more fills
 * of unknown size follow in that time. The attacker knows the symbol and the weight.
 */
export function enter(random: Random, hours: number, others: number, digits: number): Entry {
  const steps = Array.from({ length: MINUTES * hours }, () => step(random));
  let level = 1;
  const prices = steps.map((each) => (level *= 1 + each));
  const close = prices.at(-1) ?? 1;
  const minute = random.below(MINUTES);
  const held = weight(random);
  let earned = held * (close / (prices[minute] ?? 1) - 1);
  for (let fill = 0; fill < others; fill += 1) {
    const at = prices[random.below(prices.length)] ?? 1;
    earned += weight(random) * (close / at - 1) * 0.5;
  }
  const told = rounded(earned, digits);
  const priceOf = (figure: number): number => close / (figure / held + 1);
  const half = Number.isFinite(digits) ? 10 ** -digits / 2 : 1e-12;
  const [low = 0, high = 0] = [priceOf(told - half), priceOf(told + half)].toSorted(
    (one, other) => one - other,
  );
  const errorBp = Math.abs(priceOf(told) / (prices[minute] ?? 1) - 1) * 10_000;
  const fitting = prices.slice(0, MINUTES).filter((price) => price >= low && price <= high);
  return { errorBp, minutes: fitting.length };
}

function step(random: Random): number {
  return ((random.below(2001) - 1000) / 1000) * MINUTE_DEVIATION * Math.sqrt(3);
}
