import { describe, expect, test } from '@jest/globals';
import { amount, name, named, notNegative, positive } from './codec.ts';
import { integer } from './decimal.ts';

describe('accepts', () => {
  test('a name of 256 characters, and no longer', () => {
    expect(name.parse('x'.repeat(256), 'here')).toHaveLength(256);
    expect(() => name.parse('x'.repeat(257), 'here')).toThrow(
      expect.objectContaining({ code: 'LEDGER_MALFORMED', place: 'here' }),
    );
  });

  test('zero where nothing below it is meant, and not where something is', () => {
    expect(notNegative.parse('0', 'here')).toEqual(integer(0));
    expect(positive.parse('1', 'here')).toEqual(integer(1));
    expect(() => notNegative.parse('-1', 'here')).toThrow();
    expect(() => positive.parse('0', 'here')).toThrow();
  });
});

describe('holds', () => {
  test('what is named is written in the order of the names', () => {
    const values = new Map(['b', 'd', 'a', 'c'].map((each) => [each, integer(1)]));
    expect(Object.keys(Object(named(amount).format(values)))).toEqual(['a', 'b', 'c', 'd']);
  });
});
