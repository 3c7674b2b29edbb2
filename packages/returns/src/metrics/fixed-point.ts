// Real numbers for the metrics: a `Fixed` is a bigint that counts units of 10^-50. Only integer
// arithmetic is used, so a figure is the same on every machine; V8's Math.log, exp and pow are not
// promised to be. Division and rounding are half-even, the series below truncate: each step is
// wrong by at most a few units, and the five guard digits that `formatFixed` drops absorb what a
// million steps add up to.

import { divide, formatDecimal, normalise, round, type Decimal } from '@track-record/ledger';

export type Fixed = bigint;

const SCALE = 50;
export const ONE: Fixed = 10n ** 50n;
const GUARD_DIGITS = 5;
/** Twice the 15 digits that the interface promises. */
const SIGNIFICANT_DIGITS = 30;
/**
 * Below this distance from 1 a factor needs no binary scaling: the series converges from -1/3 to
 * 1/2.
 */
const LN_LOW = (ONE * 2n) / 3n;
const LN_HIGH = (ONE * 3n) / 2n;
const LN_2 = lnNearOne(2n * ONE);
/** OEIS A000796 to the scale. */
const PI: Fixed = 314159265358979323846264338327950288419716939937510n;
const ROOT_2_PI = integerRoot(2n * PI * ONE);
/** Beyond 14 standard deviations the tail is below 10^-44, which is inside the guard digits. */
const NORMAL_EDGE = 14n * ONE;

/** numerator / denominator of plain integers, half-even; the denominator is not 0. */
export function ratio(numerator: bigint, denominator: bigint): Fixed {
  const dividend = { mantissa: numerator, scale: 0 };
  return divide(dividend, { mantissa: denominator, scale: 0 }, SCALE).mantissa;
}

export function multiply(left: Fixed, right: Fixed): Fixed {
  return (left * right) / ONE;
}

/**
 * The root of numerator / denominator with the sign of `signed`; both are not negative, denominator
 * not 0.
 */
export function signedRoot(signed: bigint, numerator: bigint, denominator: bigint): Fixed {
  const root = integerRoot((numerator * ONE * ONE) / denominator);
  return signed < 0n ? -root : root;
}

/** Natural logarithm of a positive value: x = m 2^k with m near 1, ln x = ln m + k ln 2. */
export function ln(value: Fixed): Fixed {
  let factor = value;
  let doublings = 0n;
  for (; factor > LN_HIGH; doublings += 1n) factor >>= 1n;
  for (; factor < LN_LOW; doublings -= 1n) factor <<= 1n;
  return lnNearOne(factor) + doublings * LN_2;
}

/** e^value, by the Taylor series on a remainder below ln 2. */
export function exp(value: Fixed): Fixed {
  const doublings = value / LN_2;
  const remainder = value % LN_2;
  let sum = 0n;
  let term = ONE;
  for (let index = 1n; term !== 0n; index += 1n) {
    sum += term;
    term = (term * remainder) / (ONE * index);
  }
  // A shift by a negative number goes to the right.
  return sum << doublings;
}

/**
 * Standard normal distribution: 1/2 + density(x) (x + x^3/3 + x^5/15 + ...), Abramowitz and Stegun
 * 26.2.11.
 */
export function normalDistribution(value: Fixed): Fixed {
  if (value >= NORMAL_EDGE) return ONE;
  if (value <= -NORMAL_EDGE) return 0n;
  let sum = 0n;
  let term = value;
  for (let odd = 3n; term !== 0n; odd += 2n) {
    sum += term;
    term = multiply(multiply(term, value), value) / odd;
  }
  return ONE / 2n + (sum * ONE) / inverseDensity(value);
}

/**
 * Inverse of the distribution for 1/2 <= p < 1 - 10^-15: there it is concave, so Newton rises to
 * the root.
 */
export function normalQuantile(probability: Fixed): Fixed {
  let value = 0n;
  for (;;) {
    const missing = probability - normalDistribution(value);
    const step = multiply(missing, inverseDensity(value));
    // Newton squares the error: after a step of less than 10^-28 what is left is below the scale.
    value += step;
    if (step < 10n ** 22n) return value;
  }
}

/**
 * At most 30 significant digits of a value that is right to 45 decimals, without trailing zeros.
 */
export function formatFixed(value: Fixed): string {
  const right = round({ mantissa: value, scale: SCALE }, SCALE - GUARD_DIGITS);
  const digits = (right.mantissa < 0n ? -right.mantissa : right.mantissa).toString().length;
  const surplus = digits - SIGNIFICANT_DIGITS;
  if (surplus <= 0) return formatDecimal(normalise(right));
  const rounded = round({ mantissa: right.mantissa, scale: surplus }, 0).mantissa;
  const mantissa = rounded * 10n ** BigInt(surplus);
  return formatDecimal(normalise({ mantissa, scale: right.scale }));
}

export function fixedOf(value: Decimal): Fixed {
  return round(value, SCALE).mantissa;
}

/** The value as a decimal without the guard digits. */
export function decimalOf(value: Fixed): Decimal {
  return normalise(round({ mantissa: value, scale: SCALE }, SCALE - GUARD_DIGITS));
}

/** The largest integer whose square is at most `value`, by Newton's method from above. */
function integerRoot(value: bigint): bigint {
  if (value === 0n) return 0n;
  let root = 1n << BigInt(value.toString(16).length * 2);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/**
 * 1 over the normal density: far from 0 it is large and keeps the digits that the density would
 * lose.
 */
function inverseDensity(value: Fixed): Fixed {
  return multiply(exp(multiply(value, value) / 2n), ROOT_2_PI);
}

/** 2 artanh((x - 1) / (x + 1)) = 2 (z + z^3/3 + z^5/5 + ...). */
function lnNearOne(factor: Fixed): Fixed {
  const z = ((factor - ONE) * ONE) / (factor + ONE);
  const square = multiply(z, z);
  let sum = 0n;
  let power = z;
  for (let odd = 1n; power !== 0n; odd += 2n) {
    sum += power / odd;
    power = multiply(power, square);
  }
  return 2n * sum;
}
