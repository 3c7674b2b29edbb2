// Exact amounts of the scenario: one unit is 1e-8 of an asset, the smallest step of every simulated
// venue. Own arithmetic on purpose: the truth must not share code with the ledger that it judges.

export type Units = bigint;

/** Any exact decimal: mantissa x 10^-scale, the shape the ledger uses too. */
export interface Exact {
  readonly mantissa: bigint;
  readonly scale: number;
}

export const ONE: Units = 100_000_000n;

/** `1.5` to 150000000; more than eight digits after the point are a mistake of the caller. */
export function units(text: string): Units {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole + fraction.padEnd(8, '0'));
  return text.startsWith('-') ? -size : size;
}

/** Exactly `digits` digits after the point; digits beyond that must be zero or they are cut. */
export function text(amount: Units, digits = 8): string {
  const size = (amount < 0n ? -amount : amount).toString().padStart(9, '0');
  const fraction = size.slice(-8).slice(0, digits);
  const whole = `${amount < 0n ? '-' : ''}${size.slice(0, -8)}`;
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** Without trailing zeros: `20`, `0.06154036`. */
export function plainText(amount: Units): string {
  return text(amount).replace(/\.?0+$/, '');
}

/** Price times quantity in units, cut towards zero as matching engines do. */
export function times(left: Units, right: Units): Units {
  return (left * right) / ONE;
}

/** The largest multiple of `step` that is not above `amount` (amount >= 0). */
export function floorTo(amount: Units, step: Units): Units {
  return amount - (amount % step);
}

/** Quotient rounded half away from zero. */
export function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n;
  const top = numerator < 0n ? -numerator : numerator;
  const bottom = denominator < 0n ? -denominator : denominator;
  const size = (2n * top + bottom) / (2n * bottom);
  return negative ? -size : size;
}
