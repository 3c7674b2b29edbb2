import { describe, expect, test } from '@jest/globals';
import { parseDecimal } from '@track-record/ledger';
import fc from 'fast-check';
import {
  decimalOf,
  exp,
  fixedOf,
  formatFixed,
  ln,
  multiply,
  normalDistribution,
  normalQuantile,
  ONE,
  ratio,
  signedRoot,
  type Fixed,
} from './fixed-point.ts';

function fixed(text: string): Fixed {
  return fixedOf(parseDecimal(text));
}

/** Printed by mpmath 1.3.0 at 60 digits, 28 of them kept. */
const KNOWN: [string, (value: Fixed) => Fixed, string, string][] = [
  ['ln', ln, '1', '0'],
  ['ln', ln, '0.001', '-6.907755278982137052053974364'],
  ['ln', ln, '0.5', '-0.6931471805599453094172321215'],
  ['ln', ln, '2', '0.6931471805599453094172321215'],
  ['ln', ln, '7.25', '1.981001468866583408348807789'],
  ['ln', ln, '123456789', '18.63140176616801803319393335'],
  ['ln', ln, '0.000000000000000001', '-41.44653167389282231232384618'],
  ['exp', exp, '0', '1'],
  ['exp', exp, '1', '2.718281828459045235360287471'],
  ['exp', exp, '-1', '0.3678794411714423215955237702'],
  ['exp', exp, '10.5', '36315.5026742466377389120269'],
  ['exp', exp, '-30', '0.00000000000009357622968840174604915832223'],
  ['exp', exp, '0.3', '1.349858807576003103983744313'],
  ['distribution', normalDistribution, '0', '0.5'],
  ['distribution', normalDistribution, '1', '0.8413447460685429485852325456'],
  ['distribution', normalDistribution, '-1', '0.1586552539314570514147674544'],
  ['distribution', normalDistribution, '1.96', '0.975002104851779565863415731'],
  ['distribution', normalDistribution, '-8', '0.0000000000000006220960574271784123515995173'],
  ['distribution', normalDistribution, '5.5', '0.9999999810104375341122806161'],
  ['distribution', normalDistribution, '14', '1'],
  ['distribution', normalDistribution, '-14', '0'],
  ['quantile', normalQuantile, '0.5', '0'],
  ['quantile', normalQuantile, '0.975', '1.959963984540054235524594431'],
  ['quantile', normalQuantile, '0.999999', '4.753424308822898948193988187'],
  ['quantile', normalQuantile, '0.999999999999', '7.034483825301131929809515069'],
];

describe('accepts', () => {
  test.each(KNOWN)('%s %#', (_name, compute, argument, expected) => {
    const off = compute(fixed(argument)) - fixed(expected);
    // The printed value is right to half a unit of its last digit.
    const digits = expected.split('.')[1]?.length ?? 45;
    expect(off < 0n ? -off : off).toBeLessThanOrEqual(10n ** BigInt(50 - digits));
  });

  test.each([
    ['1', 4n, 1n, '2'],
    ['-1', 1n, 4n, '-0.5'],
    ['0', 9n, 1n, '3'],
    ['1', 0n, 5n, '0'],
    ['1', 2n, 1n, '1.41421356237309504880168872421'],
    ['1', 1n, 10n ** 40n, `0.${'0'.repeat(19)}1`],
  ])('root with the sign of %s of %s / %s', (signed, numerator, denominator, expected) => {
    expect(formatFixed(signedRoot(BigInt(signed), numerator, denominator))).toBe(expected);
  });

  test.each([
    [0n, '0'],
    [1n, '0'],
    [-49_999n, '0'],
    [10n ** 5n, `0.${'0'.repeat(44)}1`],
    [ONE - 1n, '1'],
    [-ONE, '-1'],
    [ratio(1n, 3n), `0.${'3'.repeat(30)}`],
    [ratio(-2n, 3n), `-0.${'6'.repeat(29)}7`],
    [ONE * 10n ** 40n + ONE, `1${'0'.repeat(40)}`],
    [ratio(12345n, 1000n), '12.345'],
    [ONE * 123n * 10n ** 30n, `123${'0'.repeat(30)}`],
  ])('writes %s as %s', (value, text) => {
    expect(formatFixed(value)).toBe(text);
  });

  test('a decimal without the guard digits', () => {
    expect(decimalOf(ONE / 4n + 3n)).toEqual(parseDecimal('0.25'));
  });

  test('thirty digits of thirty-one', () => {
    const value = 1_234_567_890_123_456_789_012_345_678_916n * 10n ** 5n;
    expect(formatFixed(value)).toBe(`0.${'0'.repeat(14)}123456789012345678901234567892`);
  });
});

describe('holds', () => {
  const positive = fc.bigInt({ min: 10n ** 20n, max: 10n ** 80n });

  test('exp undoes ln', () => {
    fc.assert(
      fc.property(positive, (value) => {
        const off = exp(ln(value)) - value;
        // ln is within some hundred units, which exp makes relative to the value.
        expect(off < 0n ? -off : off).toBeLessThanOrEqual((1000n * value) / ONE + 1000n);
      }),
    );
  });

  test('a root is the largest whose square fits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), (value) => {
        const root = signedRoot(1n, value, 1n);
        expect(root * root).toBeLessThanOrEqual(value * ONE * ONE);
        expect((root + 1n) * (root + 1n)).toBeGreaterThan(value * ONE * ONE);
      }),
    );
  });

  test('the distribution is symmetric and its quantile undoes it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 7n * ONE }), (value) => {
        const probability = normalDistribution(value);
        const sum = probability + normalDistribution(-value);
        expect(sum - ONE).toBeLessThan(1000n);
        const back = normalQuantile(probability) - value;
        // At 7 the density is 10^-11: what is lost there is multiplied by as much.
        expect(back < 0n ? -back : back).toBeLessThan(10n ** 16n);
      }),
      { numRuns: 30 },
    );
  });

  test('a product is never more than one unit below the exact one', () => {
    expect(multiply(ONE / 2n, 3n)).toBe(1n);
  });
});
