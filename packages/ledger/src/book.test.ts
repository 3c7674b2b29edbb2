// What a book is made to hold, asked of the book itself.

import { describe, expect, test } from '@jest/globals';
import { Book } from './book.ts';
import { formatDecimal, integer, parseDecimal, ZERO } from './decimal.ts';
import type { Instrument } from './entry.ts';

const PERP: Instrument = {
  kind: 'linear',
  base: 'BTC',
  quote: 'USD',
  settle: 'USD',
  contractSize: integer(1),
  realised: 'derived',
};

function book(): Book {
  return new Book(new Map([['PERP', PERP]]), { balances: new Map(), positions: new Map() });
}

function fill(held: Book, contracts: string, price: string): void {
  const position = {
    instrument: 'PERP',
    contracts: parseDecimal(contracts),
    price: parseDecimal(price),
  };
  held.apply({ id: contracts, at: 0, kind: 'fill', postings: [], position });
}

describe('accepts', () => {
  test('below zero is overdrawn, and nothing is not', () => {
    const held = book();
    held.post('USD', ZERO);
    held.post('EUR', integer(1));
    held.post('BTC', integer(-1));
    expect([...held.overdrawn]).toEqual(['BTC']);
  });

  test('a change that no fill explains is added to what is held', () => {
    const held = book();
    const change = { contracts: integer(2), cost: integer(30), unposted: ZERO };
    held.adjust('PERP', change);
    held.adjust('PERP', change);
    expect(held.positions.get('PERP')).toEqual({
      contracts: integer(4),
      cost: integer(60),
      unposted: ZERO,
    });
  });

  test('a closed position is kept only for profit that is too fine to be posted', () => {
    const held = book();
    fill(held, '1', '1');
    fill(held, '-1', '2');
    expect(held.state().positions).toEqual(new Map());
    fill(held, '1', '1');
    fill(held, '-1', '1.0000000000000000004');
    const kept = held.state().positions.get('PERP');
    expect(formatDecimal(kept?.contracts ?? integer(7))).toBe('0');
    expect(formatDecimal(kept?.unposted ?? ZERO)).toBe('0.0000000000000000004');
  });
});
