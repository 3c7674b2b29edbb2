// The one door to decimals. A value is an exact integer mantissa and a scale: mantissa x 10^-scale.
// It is made from a decimal string only, keeps the digits as written (1.50 stays 1.50), and is
// never a float. Addition and multiplication are exact; only `divide` and `round` lose digits, and
// both round half-even, which does not drift when many values are rounded (IEEE 754-2019, 4.3.1
// roundTiesToEven). Input strings come from venues and files and are untrusted.

import { RecordError } from '@track-record/errors';

export interface Decimal {
  readonly mantissa: bigint;
  readonly scale: number;
}

/**
 * More digits than any venue writes (EVM amounts have 78); a bound on the work one string can
 * cause.
 */
const DIGITS_MAX = 100;
const PLAIN_DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

export const ZERO: Decimal = { mantissa: 0n, scale: 0 };
export const ONE: Decimal = { mantissa: 1n, scale: 0 };

/** A count of something: hours, milliseconds. */
export function integer(value: number): Decimal {
  return { mantissa: BigInt(value), scale: 0 };
}

/** Reads `-?digits[.digits]`. No exponent, sign plus, separators or spaces: DECIMAL_MALFORMED. */
export function parseDecimal(text: string, place?: string): Decimal {
  if (typeof text !== 'string' || text.length > DIGITS_MAX + 2 || !PLAIN_DECIMAL.test(text)) {
    throw new RecordError('DECIMAL_MALFORMED', place === undefined ? {} : { place });
  }
  const point = text.indexOf('.');
  if (point < 0) return { mantissa: BigInt(text), scale: 0 };
  return {
    mantissa: BigInt(text.slice(0, point) + text.slice(point + 1)),
    scale: text.length - point - 1,
  };
}

/** The value with exactly `scale` digits after the point: 1.50 stays 1.50. */
export function formatDecimal(value: Decimal): string {
  const negative = value.mantissa < 0n;
  const digits = (negative ? -value.mantissa : value.mantissa).toString();
  const sign = negative ? '-' : '';
  if (value.scale === 0) return sign + digits;
  const padded = digits.padStart(value.scale + 1, '0');
  return `${sign}${padded.slice(0, -value.scale)}.${padded.slice(-value.scale)}`;
}

export function add(left: Decimal, right: Decimal): Decimal {
  const scale = left.scale > right.scale ? left.scale : right.scale;
  return { mantissa: mantissaAt(left, scale) + mantissaAt(right, scale), scale };
}

export function subtract(left: Decimal, right: Decimal): Decimal {
  return add(left, negate(right));
}

export function multiply(left: Decimal, right: Decimal): Decimal {
  return { mantissa: left.mantissa * right.mantissa, scale: left.scale + right.scale };
}

/** Quotient with `scale` digits after the point, rounded half-even. DECIMAL_DIVISION_BY_ZERO. */
export function divide(dividend: Decimal, divisor: Decimal, scale: number): Decimal {
  if (divisor.mantissa === 0n) throw new RecordError('DECIMAL_DIVISION_BY_ZERO');
  const shift = scale + divisor.scale - dividend.scale;
  const numerator = shift > 0 ? dividend.mantissa * powerOfTen(shift) : dividend.mantissa;
  const denominator = shift < 0 ? divisor.mantissa * powerOfTen(-shift) : divisor.mantissa;
  return { mantissa: divideHalfEven(numerator, denominator), scale };
}

/** The value with `scale` digits after the point, rounded half-even when digits are lost. */
export function round(value: Decimal, scale: number): Decimal {
  if (scale >= value.scale) return { mantissa: mantissaAt(value, scale), scale };
  return { mantissa: divideHalfEven(value.mantissa, powerOfTen(value.scale - scale)), scale };
}

export function negate(value: Decimal): Decimal {
  return { mantissa: -value.mantissa, scale: value.scale };
}

export function absolute(value: Decimal): Decimal {
  return value.mantissa < 0n ? negate(value) : value;
}

/** -1, 0 or 1. */
export function sign(value: Decimal): -1 | 0 | 1 {
  if (value.mantissa === 0n) return 0;
  return value.mantissa < 0n ? -1 : 1;
}

/** -1, 0 or 1 as `left` is below, equal to or above `right`; 1.5 equals 1.50. */
export function compare(left: Decimal, right: Decimal): -1 | 0 | 1 {
  return sign(subtract(left, right));
}

/** The same value without trailing zeros after the point: one spelling per value. */
export function normalise(value: Decimal): Decimal {
  let { mantissa, scale } = value;
  while (scale > 0 && mantissa % 10n === 0n) {
    mantissa /= 10n;
    scale -= 1;
  }
  return { mantissa, scale };
}

function mantissaAt(value: Decimal, scale: number): bigint {
  return scale === value.scale ? value.mantissa : value.mantissa * powerOfTen(scale - value.scale);
}

const powers: bigint[] = [];

export function powerOfTen(exponent: number): bigint {
  const known = powers[exponent];
  if (known !== undefined) return known;
  const power = 10n ** BigInt(exponent);
  powers[exponent] = power;
  return power;
}

function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const remainder = numerator % denominator;
  if (remainder === 0n) return quotient;
  const twice = (remainder < 0n ? -remainder : remainder) * 2n;
  const size = denominator < 0n ? -denominator : denominator;
  const awayFromZero = numerator < 0n === denominator < 0n ? 1n : -1n;
  if (twice > size) return quotient + awayFromZero;
  if (twice < size) return quotient;
  return quotient % 2n === 0n ? quotient : quotient + awayFromZero;
}
