import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  absolute,
  add,
  compare,
  type Decimal,
  divide,
  formatDecimal,
  integer,
  multiply,
  negate,
  normalise,
  ONE,
  parseDecimal,
  round,
  sign,
  subtract,
  ZERO,
} from './decimal.ts';

const decimal = fc.record<Decimal>({
  mantissa: fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
  scale: fc.integer({ min: 0, max: 30 }),
});

describe('accepts', () => {
  test.each([
    '0',
    '-0.1',
    '1.50',
    '0.00000001',
    '123456789012345678901234567890',
    `0.${'7'.repeat(80)}`,
    `-${'9'.repeat(80)}.5`,
    // A hundred digits with a sign and a point.
    `-${'9'.repeat(50)}.${'9'.repeat(50)}`,
  ])('%s and keeps its digits', (text) => {
    expect(formatDecimal(parseDecimal(text))).toBe(text);
  });

  test('a count as it is', () => {
    expect(formatDecimal(integer(3))).toBe('3');
    expect(formatDecimal(ZERO)).toBe('0');
    expect(formatDecimal(ONE)).toBe('1');
  });

  test('a negative zero as zero', () => {
    expect(formatDecimal(parseDecimal('-0.00'))).toBe('0.00');
  });

  // IEEE 754-2019, 4.3.1: a tie goes to the even neighbour.
  test.each([
    ['0.5', '0'],
    ['1.5', '2'],
    ['2.5', '2'],
    ['-0.5', '0'],
    ['-1.5', '-2'],
    ['-2.5', '-2'],
    ['2.51', '3'],
    ['2.49', '2'],
    ['-2.51', '-3'],
    ['7', '7'],
  ])('%s rounded to %s', (text, rounded) => {
    expect(formatDecimal(round(parseDecimal(text), 0))).toBe(rounded);
  });

  test.each([
    ['1', '3', 4, '0.3333'],
    ['2', '3', 4, '0.6667'],
    ['-2', '3', 4, '-0.6667'],
    ['1', '8', 2, '0.12'],
    ['3', '8', 2, '0.38'],
    ['-1', '-8', 3, '0.125'],
    ['1', '2', 0, '0'],
    ['3', '2', 0, '2'],
    ['-3', '2', 0, '-2'],
    ['3', '-2', 0, '-2'],
    ['5', '-3', 0, '-2'],
    ['0.001', '100', 3, '0.000'],
    ['1000', '0.001', 0, '1000000'],
  ])('%s / %s with %i digits is %s', (dividend, divisor, scale, quotient) => {
    const result = divide(parseDecimal(dividend), parseDecimal(divisor), scale);
    expect(formatDecimal(result)).toBe(quotient);
  });

  test('what floats cannot do', () => {
    const sum = add(parseDecimal('0.1'), parseDecimal('0.2'));
    expect(formatDecimal(sum)).toBe('0.3');
    expect(formatDecimal(multiply(parseDecimal('1.10'), parseDecimal('1.10')))).toBe('1.2100');
  });
});

describe('refuses', () => {
  test.each([
    '',
    ' 1',
    '1 ',
    '+1',
    '01',
    '.5',
    '5.',
    '1e3',
    '1E-3',
    '1,5',
    '1.234,56',
    '1_000',
    '0x10',
    'NaN',
    'Infinity',
    '-',
    '--1',
    '１',
    '٣',
    '1\n',
    '9'.repeat(103),
  ])('%j: DECIMAL_MALFORMED', (text) => {
    const code = 'DECIMAL_MALFORMED';
    expect(() => parseDecimal(text)).toThrow(expect.objectContaining({ code }));
  });

  test('a division by zero: DECIMAL_DIVISION_BY_ZERO', () => {
    const code = 'DECIMAL_DIVISION_BY_ZERO';
    expect(() => divide(integer(1), parseDecimal('0.00'), 2)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('holds', () => {
  test('reading what was written gives the same digits', () => {
    fc.assert(
      fc.property(decimal, (value) => {
        expect(parseDecimal(formatDecimal(value))).toEqual(value);
      }),
    );
  });

  test('addition and multiplication are those of fractions', () => {
    fc.assert(
      fc.property(decimal, decimal, decimal, (a, b, c) => {
        expect(compare(add(a, b), add(b, a))).toBe(0);
        expect(compare(subtract(add(a, b), b), a)).toBe(0);
        expect(compare(multiply(a, add(b, c)), add(multiply(a, b), multiply(a, c)))).toBe(0);
      }),
    );
  });

  test('a quotient is within half a unit of its last digit', () => {
    fc.assert(
      fc.property(decimal, decimal, fc.integer({ min: 0, max: 40 }), (a, b, scale) => {
        fc.pre(b.mantissa !== 0n);
        const error = absolute(subtract(multiply(divide(a, b, scale), b), a));
        const half = multiply({ mantissa: 5n, scale: scale + 1 }, absolute(b));
        expect(compare(error, half)).not.toBe(1);
      }),
    );
  });

  test('one spelling per value, and the sign follows it', () => {
    fc.assert(
      fc.property(decimal, fc.integer({ min: 0, max: 20 }), (value, zeros) => {
        const padded = round(value, value.scale + zeros);
        expect(normalise(padded)).toEqual(normalise(value));
        expect(compare(padded, value)).toBe(0);
        expect(sign(negate(value)) + sign(value)).toBe(0);
      }),
    );
  });
});
