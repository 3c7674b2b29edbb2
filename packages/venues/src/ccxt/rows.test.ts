import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { formatDecimal } from '@track-record/ledger';
import fc from 'fast-check';
import {
  parseAmount,
  parseFlag,
  parseId,
  parseInstant,
  parseLosslessJson,
  parseRow,
  parseRows,
  parseSize,
  parseText,
  parseUtcText,
} from './rows.ts';

function refused(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return codeOf(error);
  }
  return 'accepted';
}

describe('accepts', () => {
  test('a time written as text, which is UTC', () => {
    const at = parseUtcText({ applyTime: '2019-09-24 12:43:45' }, 'applyTime');
    expect(at).toBe(Date.UTC(2019, 8, 24, 12, 43, 45));
  });

  test('an id as text or as a number', () => {
    expect([parseId({ id: '28457' }, 'id'), parseId({ id: 28_457 }, 'id')]).toEqual([
      28457n,
      28457n,
    ]);
  });
});

describe('accepts', () => {
  test.each([
    ['-1.31965e-6', '-0.00000131965'],
    ['1e-8', '0.00000001'],
    ['2.5E+3', '2500'],
    ['1e5', '100000'],
    ['0.012158', '0.012158'],
  ])('%s in JSON as its digits', (number, digits) => {
    const row = parseRow(parseLosslessJson(`{"amount":${number}}`), 'row');
    expect(formatDecimal(parseAmount(row, 'amount'))).toBe(digits);
  });
});

describe('refuses', () => {
  const NUL = null;
  test.each<[string, () => unknown]>([
    ['a missing amount', () => parseAmount({}, 'qty')],
    ['an amount that is null', () => parseAmount({ qty: NUL }, 'qty')],
    ['an empty amount', () => parseAmount({ qty: '' }, 'qty')],
    ['an amount that is not a number', () => parseAmount({ qty: 'NaN' }, 'qty')],
    ['an amount with an exponent', () => parseAmount({ qty: '1e5' }, 'qty')],
    ['an amount with separators', () => parseAmount({ qty: '1.234,56' }, 'qty')],
    ['a size below zero', () => parseSize({ qty: '-0.00000001' }, 'qty')],
    ['a text that is longer than any', () => parseText({ id: 'x'.repeat(129) }, 'id')],
    ['an id that is not a number', () => parseId({ id: '12a' }, 'id')],
    ['a flag written as text', () => parseFlag({ isBuyer: 'true' }, 'isBuyer')],
    ['a time in seconds', () => parseInstant({ time: 1_569_514_978 }, 'time')],
    ['a time in microseconds', () => parseInstant({ time: 1_569_514_978_020_000 }, 'time')],
    ['a time with a zone', () => parseUtcText({ time: '2019-09-24T12:43:45Z' }, 'time')],
    ['a day that does not exist', () => parseUtcText({ time: '2019-13-24 12:43:45' }, 'time')],
    ['a list where a row is due', () => parseRow([], 'row')],
    ['HTML where rows are due', () => parseRows('<html>', 'rows')],
    ['an error where rows are due', () => parseRows({ code: -1 }, 'rows')],
  ])('%s: VENUE_UNEXPECTED_SHAPE', (_name, read) => {
    expect(refused(read)).toBe('VENUE_UNEXPECTED_SHAPE');
  });

  test('text that is not JSON, without throwing', () => {
    expect(parseLosslessJson('{"cut":')).toBeUndefined();
  });
});

describe('holds', () => {
  test('every decimal in a JSON body keeps its digits', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?$/);
    fc.assert(
      fc.property(digits, fc.boolean(), (text, spaced) => {
        const row = parseRow(parseLosslessJson(`{"a":${spaced ? ' ' : ''}${text}}`), 'row');
        const kept = formatDecimal(parseAmount(row, 'a'));
        expect(kept).toBe(/^-0(\.0*)?$/.test(text) ? text.slice(1) : text);
      }),
    );
  });
});
