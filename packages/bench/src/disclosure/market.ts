// Hourly returns of many symbols, as an attacker has them from public candles: one factor that all
// share and a part of each symbol's own with fat tails. The factor is generated, or that of
// recorded candles.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { seededRandom, type Random } from '@track-record/testkit';

export const SYMBOLS = 100;
/** Of an hour, as large coins have it. */
const FACTOR_DEVIATION = 0.006;
const OWN_DEVIATION = 0.008;
/** Degrees of freedom of the symbols' own part: three give the tails that hourly returns show. */
const TAIL = 3;

const FILES = ['2020-05.1000rows', '2020-06.468rows'].map((name) =>
  path.join(
    process.env['VECTORS_DIR'] ?? '../shared/vectors',
    `exchanges/binance/fetchOHLCV.spot.1h.${name}.json`,
  ),
);

/** `returns[hour][symbol]`. */
export type Market = readonly Float64Array[];

/** What every symbol moves with, hour by hour. */
export type Factor = (random: Random, hours: number) => readonly number[];

export const generatedFactor: Factor = (random, hours) =>
  Array.from({ length: hours }, () => normal(random) * FACTOR_DEVIATION);

/** Null where no candles are recorded. */
export function recordedFactor(): Factor | null {
  if (!FILES.every((file) => existsSync(file))) return null;
  const closes = FILES.flatMap((file) => {
    const rows: readonly (readonly string[])[] = JSON.parse(readFileSync(file, 'utf8'));
    return rows.map((row) => Number(row[4]));
  });
  const returns = closes.slice(1).map((close, index) => close / (closes[index] ?? close) - 1);
  return (random, hours) => {
    const from = random.below(returns.length - hours);
    return returns.slice(from, from + hours);
  };
}

export function openMarket(factor: Factor, random: Random, hours: number): Market {
  const betas = Array.from({ length: SYMBOLS }, () => 0.6 + random.below(900) / 1000);
  return factor(random, hours).map((common) =>
    Float64Array.from(betas, (beta) => beta * common + fatTailed(random) * OWN_DEVIATION),
  );
}

/** The same by whole days. */
export function daysOf(market: Market): Market {
  return Array.from({ length: Math.floor(market.length / 24) }, (_, day) => {
    const hours = market.slice(day * 24, day * 24 + 24);
    return Float64Array.from(
      { length: SYMBOLS },
      (_each, symbol) => hours.reduce((growth, row) => growth * (1 + (row[symbol] ?? 0)), 1) - 1,
    );
  });
}

export function randomOf(seed: number): Random {
  return seededRandom(seed);
}

function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log((1 + random.below(1e9)) / 1e9));
  return radius * Math.cos(2 * Math.PI * (random.below(1e9) / 1e9));
}

/** Student's t, scaled to a deviation of 1. */
function fatTailed(random: Random): number {
  const squares = Array.from({ length: TAIL }, () => normal(random) ** 2);
  const spread = squares.reduce((sum, square) => sum + square, 0) / TAIL;
  return normal(random) / Math.sqrt(spread) / Math.sqrt(TAIL / (TAIL - 2));
}
