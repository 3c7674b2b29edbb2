// A list of returns as exact integers over one power of ten, and its sums. Sums of powers are
// exact, so they do not depend on the order of the returns, and a variance of zero is zero, not
// 1e-19. Every ratio of two such sums is rounded once.

import { strict as assert } from 'node:assert';
import type { Decimal } from '@track-record/ledger';
import type { Figure } from './figures.ts';
import { fixedOf, ratio, signedRoot, type Fixed } from './fixed-point.ts';

/** Returns per period: each value is an integer number of units, `unit` of them make 1. */
export interface Series {
  readonly values: readonly bigint[];
  readonly unit: bigint;
}

/**
 * Sums of powers of n x - sum(x): the deviations from the mean in units of 1 / spread, without a
 * division.
 */
export interface Deviations {
  readonly count: bigint;
  readonly sum: bigint;
  readonly deviations: readonly bigint[];
  /** count times unit: a deviation of `spread` is a deviation of 1. */
  readonly spread: bigint;
  readonly second: bigint;
  readonly third: bigint;
  readonly fourth: bigint;
}

/** What lies above and below a threshold, over all returns; `unit` as in Series. */
export interface Sides {
  readonly unit: bigint;
  readonly gains: bigint;
  readonly gainsSquared: bigint;
  readonly gainsCount: bigint;
  readonly losses: bigint;
  readonly lossesSquared: bigint;
  readonly lossesCount: bigint;
}

export function seriesOf(returns: readonly Decimal[]): Series {
  const scale = returns.reduce((most, { scale: digits }) => (digits > most ? digits : most), 0);
  const values = returns.map((value) => value.mantissa * 10n ** BigInt(scale - value.scale));
  return { values, unit: 10n ** BigInt(scale) };
}

/** Each return less the threshold (or less the return of another series in the same period). */
export function lessThreshold(series: Series, threshold: Decimal | Series): Series {
  if (!('values' in threshold)) {
    const values = series.values.map(() => threshold.mantissa);
    return lessThreshold(series, { values, unit: 10n ** BigInt(threshold.scale) });
  }
  const unit = series.unit > threshold.unit ? series.unit : threshold.unit;
  const left = unit / series.unit;
  const right = unit / threshold.unit;
  const values = series.values.map((x, i) => x * left - item(threshold.values, i) * right);
  return { values, unit };
}

export function deviationsOf(series: Series): Deviations {
  const count = BigInt(series.values.length);
  const sum = total(series.values);
  const deviations = series.values.map((value) => value * count - sum);
  let [second, third, fourth] = [0n, 0n, 0n];
  for (const deviation of deviations) {
    const square = deviation * deviation;
    second += square;
    third += square * deviation;
    fourth += square * square;
  }
  return { count, sum, deviations, spread: count * series.unit, second, third, fourth };
}

export function sidesOf(series: Series): Sides {
  const above = series.values.filter((value) => value > 0n);
  const below = series.values.filter((value) => value < 0n);
  return {
    unit: series.unit,
    gains: total(above),
    gainsSquared: total(above.map((value) => value * value)),
    gainsCount: BigInt(above.length),
    losses: -total(below),
    lossesSquared: total(below.map((value) => value * value)),
    lossesCount: BigInt(below.length),
  };
}

/** Standard deviation with n - 1 in the denominator, times the root of the periods in a year. */
export function volatility(of: Deviations, year: Decimal): Figure {
  if (of.count < 2n) return 'n<2';
  const spread = (of.count - 1n) * of.spread * of.spread * 10n ** BigInt(year.scale);
  return signedRoot(1n, of.second * year.mantissa, spread);
}

/**
 * Mean over standard deviation (n - 1), times the root of the periods in a year; risk-free rate 0.
 */
export function sharpe(of: Deviations, year: Decimal): Figure {
  if (of.count < 2n) return 'n<2';
  if (of.second === 0n) return 'zero_variance';
  const numerator = of.sum * of.sum * (of.count - 1n) * year.mantissa;
  return signedRoot(of.sum, numerator, of.second * 10n ** BigInt(year.scale));
}

/** Population skewness m3 / m2^(3/2). */
export function skewness(of: Deviations): Figure {
  if (of.count < 2n) return 'n<2';
  if (of.second === 0n) return 'zero_variance';
  return signedRoot(of.third, of.third * of.third * of.count, of.second ** 3n);
}

/** Population kurtosis m4 / m2^2 - 3. */
export function excessKurtosis(of: Deviations): Figure {
  if (of.count < 2n) return 'n<2';
  if (of.second === 0n) return 'zero_variance';
  return ratio(of.count * of.fourth - 3n * of.second * of.second, of.second * of.second);
}

/** Correlation of consecutive returns; not zero means that root-of-time scaling misleads. */
export function autocorrelation(of: Deviations): Figure {
  if (of.count < 2n) return 'n<2';
  if (of.second === 0n) return 'zero_variance';
  const products = of.deviations.slice(1).map((value, i) => value * item(of.deviations, i));
  return ratio(total(products), of.second);
}

export function ascending({ values, unit }: Series): Series {
  return {
    values: values.toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0)),
    unit,
  };
}

/** The percentile at `cutoff` (0 to 1) of ascending values, linear between ranks. */
export function percentile({ values, unit }: Series, cutoff: Decimal): Fixed {
  const whole = 10n ** BigInt(cutoff.scale);
  const position = BigInt(values.length - 1) * cutoff.mantissa;
  const upTo = smallest(values, position / whole + 1n);
  const low = item(upTo, upTo.length - 1);
  const high = values[upTo.length] ?? low;
  return ratio(low * whole + (high - low) * (position % whole), unit * whole);
}

/** Mean of the floor((n - 1) cutoff) + 1 worst returns. */
export function worstMean({ values, unit }: Series, cutoff: Decimal): Fixed {
  const whole = 10n ** BigInt(cutoff.scale);
  const worst = (BigInt(values.length - 1) * cutoff.mantissa) / whole + 1n;
  return ratio(total(smallest(values, worst)), worst * unit);
}

/** 1 + r of every period. */
export function factorsOf(series: Series): readonly Fixed[] {
  const scale = series.unit.toString().length - 1;
  return series.values.map((value) => fixedOf({ mantissa: series.unit + value, scale }));
}

export function total(values: readonly bigint[]): bigint {
  return values.reduce((sum, value) => sum + value, 0n);
}

/** An element that must be there; a missing one is a bug. */
export function item<Value>(list: readonly Value[], index: number): Value {
  const value = list[index];
  assert(value !== undefined);
  return value;
}

function smallest(values: readonly bigint[], count: bigint): readonly bigint[] {
  return values.filter((_value, index) => BigInt(index) < count);
}
