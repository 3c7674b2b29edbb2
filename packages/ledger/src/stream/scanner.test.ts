// Which spellings the scanner reads itself, and which it leaves to the codecs. That both make the
// same document of one text is told beside the document reader; asked there, a scanner that left
// everything to the codecs would look right.

import { describe, expect, test } from '@jest/globals';
import { parseDecimal } from '../decimal.ts';
import { PADDING, Scanner, UNUSUAL } from './scanner.ts';

const DAY = Date.UTC(2026, 0, 5);

function scannerOf(text: string, ...days: readonly number[]): Scanner {
  const scanner = new Scanner();
  scanner.look(Buffer.concat([Buffer.from(text), Buffer.alloc(PADDING)]));
  for (const day of days) scanner.learnDay(day);
  return scanner;
}

interface Spelling {
  readonly id?: string;
  readonly at?: string;
  readonly asset?: string;
  readonly amount?: string;
}

const NOON = '2026-01-05T12:00:00Z';

function fillOf({ id = 'f1', at = NOON, asset = 'BTC', amount = '1' }: Spelling): string {
  const posting = `{"asset":"${asset}","amount":"${amount}"}`;
  return `{"id":"${id}","at":"${at}","kind":"fill","postings":[${posting}]}`;
}

function priceOf({ id = 'USD', at = NOON, asset = 'BTC', amount = '1' }: Spelling): string {
  return `{"asset":"${asset}","currency":"${id}","at":"${at}","price":"${amount}"}`;
}

/** Read as a fill, and as a price with the id as its currency. */
function isUsual(spelling: Spelling, ...days: readonly number[]): boolean[] {
  const learnt = days.length === 0 ? [DAY] : days;
  const [fill, price] = [fillOf(spelling), priceOf(spelling)];
  return [
    scannerOf(fill, ...learnt).fills(0) === fill.length,
    scannerOf(price, ...learnt).price(0) !== null,
  ];
}

const SHORT = ['0', '9', '10', '12.50', '0.5', '0.0', '100.001', '123456789', '1234567890'];
const FIFTEEN = ['999999999999999', '9.99999999999999', '0.00000000000001', '999999999999.999'];
const SIXTEEN = ['1000000000000000', '1.234567890123456', '12345678.90123456', '0.000000000000001'];
const NUMBERLESS = [
  '',
  '-',
  '.5',
  '1.',
  '01',
  '00',
  '-01.5',
  '1e3',
  '+1',
  '1:',
  '1/',
  '1.2:',
  ' 1',
];

const LONGEST = 'x'.repeat(256);

describe('accepts', () => {
  test.each([...SHORT, ...FIFTEEN])(
    'the decimal %s, and below zero as an amount only',
    (amount) => {
      const decimal = parseDecimal(amount);
      expect(scannerOf(priceOf({ amount }), DAY).price(0)?.price).toEqual(decimal);
      const fills = scannerOf(fillOf({ amount: `-${amount}` }), DAY);
      expect(fills.fills(0)).toBe(fillOf({ amount: `-${amount}` }).length);
      const negative = { ...decimal, mantissa: -decimal.mantissa };
      expect(fills.columns.postings(0)).toEqual([{ asset: 'BTC', amount: negative }]);
    },
  );

  test.each(['A', 'a b', '!', '~', '[]', LONGEST])('the name %s', (name) => {
    expect(isUsual({ id: name })).toEqual([true, true]);
    expect(isUsual({ asset: name })).toEqual([true, true]);
  });

  test.each([
    ['00:00:00Z', 0],
    ['23:59:59Z', 86_399_000],
    ['09:10:11.999Z', 33_011_999],
    ['00:00:00.000Z', 0],
    ['00:00:00.001Z', 1],
    ['10:20:30.400Z', 37_230_400],
  ])('the instant %s', (time, ms) => {
    const spelling = { at: `2026-01-05T${time}` };
    expect(scannerOf(priceOf(spelling), DAY).price(0)?.at).toBe(DAY + ms);
    const scanner = scannerOf(fillOf(spelling), DAY + 7);
    scanner.fills(0);
    expect(scanner.columns.at[0]).toBe(DAY + ms);
  });

  test('fills as far as they are usual, and names with one beginning', () => {
    const assets = ['1000000SATS', '1000000SHIB', 'U', '1000000SATS', '1000000SHIB'];
    const usual = assets.map((asset, index) => fillOf({ id: `f${index}`, asset })).join(',');
    const text = `${usual},${fillOf({ amount: '01' })}]`;
    const scanner = scannerOf(text, DAY);
    expect(scanner.fills(0)).toBe(usual.length);
    const { columns } = scanner;
    expect(columns.count).toBe(assets.length);
    expect(assets.map((_, row) => columns.id(row))).toEqual(['f0', 'f1', 'f2', 'f3', 'f4']);
    expect(assets.map((_, row) => columns.postings(row)[0]?.asset)).toEqual(assets);
  });

  test('fees and eight postings', () => {
    const fee = '{"asset":"BNB","amount":"-0.5","role":"fee"}';
    const text = fillOf({}).replace(']', `,${Array<string>(7).fill(fee).join(',')}]`);
    const scanner = scannerOf(text, DAY);
    expect(scanner.fills(0)).toBe(text.length);
    const paid = { asset: 'BNB', amount: parseDecimal('-0.5'), role: 'fee' };
    expect(scanner.columns.postings(0).slice(1)).toEqual(Array(7).fill(paid));
  });
});

describe('refuses', () => {
  test.each([...NUMBERLESS, ...SIXTEEN])('the decimal %s', (amount) => {
    expect(isUsual({ amount })).toEqual([false, false]);
  });

  test('a price below zero', () => {
    expect(scannerOf(priceOf({ amount: '-1' }), DAY).price(0)).toBeNull();
  });

  test.each(['', 'a\\u0041', '\\\\', 'a\nb', '\u001f', '\u007f', 'ü', `${LONGEST}x`])(
    'the name %j',
    (name) => {
      expect(isUsual({ id: name })).toEqual([false, false]);
      expect(isUsual({ asset: name })).toEqual([false, false]);
    },
  );

  test.each([
    ['another year', '2027-01-05T12:00:00Z'],
    ['another month', '2026-02-05T12:00:00Z'],
    ['another day', '2026-01-06T12:00:00Z'],
    ['another ten of days', '2026-01-15T12:00:00Z'],
    ['no T', '2026-01-05 12:00:00Z'],
    ['no first colon', '2026-01-05T12-00:00Z'],
    ['no second colon', '2026-01-05T12:00-00Z'],
    ['hour 24', '2026-01-05T24:00:00Z'],
    ['minute 60', '2026-01-05T12:60:00Z'],
    ['second 60', '2026-01-05T12:00:60Z'],
    ['an hour that is no number', '2026-01-05T1x:00:00Z'],
    ['a minute that is none', '2026-01-05T12:/0:00Z'],
    ['a second that is none', '2026-01-05T12:00:0:Z'],
    ['two digits of a second', '2026-01-05T12:00:00.12Z'],
    ['four', '2026-01-05T12:00:00.1234Z'],
    ['a fraction that is none', '2026-01-05T12:00:00.12xZ'],
    ['no zone', '2026-01-05T12:00:00'],
    ['another zone', '2026-01-05T12:00:00X'],
  ])('an instant with %s', (_name, at) => {
    expect(isUsual({ at })).toEqual([false, false]);
  });

  test('a day that no codec has accepted, or not as the last', () => {
    expect(scannerOf(fillOf({})).fills(0)).toBe(UNUSUAL);
    expect(isUsual({}, DAY, DAY + 86_400_000)).toEqual([false, false]);
    expect(isUsual({}, DAY + 86_400_000, DAY + 86_399_999)).toEqual([true, true]);
  });

  test('nine postings', () => {
    const posting = '{"asset":"BNB","amount":"1"}';
    const text = fillOf({}).replace(']', `,${Array<string>(8).fill(posting).join(',')}]`);
    expect(scannerOf(text, DAY).fills(0)).toBe(UNUSUAL);
  });
});
