import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDecimal } from './decimal.ts';
import type { Entry, EntryKind, Posting } from './entry.ts';
import { orderEntries } from './order.ts';

function entry(id: string, at: number, kind: EntryKind, ...postings: string[]): Entry {
  return {
    id,
    at,
    kind,
    postings: postings.map((text): Posting => {
      const [asset = '', amount = '', role] = text.split(' ');
      const posting = { asset, amount: parseDecimal(amount) };
      return role === undefined ? posting : { ...posting, role: 'fee' };
    }),
  };
}

const position = { instrument: 'P', contracts: parseDecimal('1'), price: parseDecimal('2') };
const split = { instrument: 'P', ratio: parseDecimal('2') };
const base = entry('a', 1, 'fill', 'BTC 1', 'USD -2', 'BNB -1 fee');

describe('accepts', () => {
  test('in one millisecond: inflows, the rest, outflows; then by id', () => {
    const entries = [
      entry('1', 5, 'flow', 'USD -1'),
      entry('2', 5, 'fill', 'USD 1'),
      entry('3', 5, 'funding', 'USD -1'),
      entry('4', 5, 'flow', 'USD 1', 'USD -1 fee'),
      entry('5', 4, 'flow', 'USD -1'),
      entry('6', 5, 'flow', 'USD 0'),
    ];
    expect(orderEntries(entries).map(({ id }) => id)).toEqual(['5', '4', '6', '2', '3', '1']);
  });

  test('shares that leave are an outflow', () => {
    const leaving = { ...position, contracts: parseDecimal('-1') };
    const entries = [
      { ...entry('1', 5, 'flow'), position: leaving },
      entry('2', 5, 'fill', 'USD 1'),
      { ...entry('3', 5, 'flow'), position },
    ];
    expect(orderEntries(entries).map(({ id }) => id)).toEqual(['3', '2', '1']);
  });

  test.each([
    ['the same', base],
    ['other spellings of the numbers', entry('a', 1, 'fill', 'BTC 1.0', 'USD -2.00', 'BNB -1 fee')],
    ['another order of postings', entry('a', 1, 'fill', 'BNB -1 fee', 'USD -2', 'BTC 1')],
  ])('%s as one entry', (_name, repeated) => {
    expect(orderEntries([base, repeated])).toEqual([base]);
  });
});

describe('accepts, what is in order', () => {
  test('as it is, without a copy', () => {
    const entries = [entry('1', 1, 'fill', 'USD 1'), entry('2', 1, 'fill', 'USD 1')];
    expect(orderEntries(entries)).toBe(entries);
    expect(orderEntries(entries.toReversed())).toEqual(entries);
  });

  test('a fee beside a trade in its asset, in either order', () => {
    const spent = entry('a', 1, 'fill', 'BNB 1', 'BNB -1 fee', 'BNB 2');
    const told = entry('a', 1, 'fill', 'BNB 2', 'BNB -1 fee', 'BNB 1');
    const first = entry('a', 1, 'fill', 'BNB -1 fee', 'BNB 2', 'BNB 1');
    expect(orderEntries([spent, told, first])).toEqual([spent]);
  });
});

describe('accepts, what changes a position', () => {
  test('other spellings of its numbers', () => {
    const held = { ...base, position, split };
    const spelled = {
      ...base,
      position: { ...position, contracts: parseDecimal('1.0'), price: parseDecimal('2.00') },
      split: { ...split, ratio: parseDecimal('2.0') },
    };
    expect(orderEntries([held, spelled])).toEqual([held]);
  });
});

describe('refuses', () => {
  test.each<[string, Entry]>([
    ['another instant', { ...base, at: 2 }],
    ['another kind', { ...base, kind: 'conversion' }],
    ['another amount', entry('a', 1, 'fill', 'BTC 1', 'USD -2.01', 'BNB -1 fee')],
    ['another asset', entry('a', 1, 'fill', 'BTC 1', 'USDT -2', 'BNB -1 fee')],
    ['a transaction id', { ...base, txid: '7c2f' }],
    ['another role', entry('a', 1, 'fill', 'BTC 1', 'USD -2', 'BNB -1')],
    ['a posting less', entry('a', 1, 'fill', 'BTC 1', 'USD -2')],
    ['a posting twice', entry('a', 1, 'fill', 'BTC 1', 'BTC 1', 'BNB -1 fee')],
    ['a position more', { ...base, position }],
    ['a split more', { ...base, split }],
  ])('the same id with %s: LEDGER_ENTRY_CONFLICT', (_name, repeated) => {
    const refused = expect.objectContaining({ code: 'LEDGER_ENTRY_CONFLICT', place: 'entries[1]' });
    expect(() => orderEntries([base, repeated])).toThrow(refused);
  });

  test.each([
    ['price', { position: { ...position, price: parseDecimal('3') } }],
    ['number of contracts', { position: { ...position, contracts: parseDecimal('3') } }],
    ['instrument', { position: { ...position, instrument: 'Q' } }],
    ['ratio', { split: { ...split, ratio: parseDecimal('3') } }],
    ['split instrument', { split: { ...split, instrument: 'Q' } }],
  ])('the same id with another %s: LEDGER_ENTRY_CONFLICT', (_name, change) => {
    const held = { ...base, position, split };
    const refused = expect.objectContaining({ code: 'LEDGER_ENTRY_CONFLICT' });
    expect(() => orderEntries([held, { ...held, ...change }])).toThrow(refused);
  });
});

describe('holds', () => {
  test('whatever order they came in', () => {
    const entries = Array.from({ length: 12 }, (_, index) =>
      entry(`e${index}`, index % 3, index % 2 === 0 ? 'flow' : 'fill', `USD ${index - 6}`),
    );
    const shuffled = fc.shuffledSubarray(entries, { minLength: entries.length });
    fc.assert(
      fc.property(shuffled, (order) => {
        expect(orderEntries(order)).toEqual(orderEntries(entries));
      }),
    );
  });
});
