// Which of several quotes holds, and at which instant, asked of the table itself.

import { describe, expect, test } from '@jest/globals';
import { ledgerFromText } from '../../testkit/src/ledger-text.ts';
import type { Quote } from './checkpoint.ts';
import { formatDecimal, integer } from './decimal.ts';
import { HOUR_MS } from './document.ts';
import { parseLedgerDocument } from './ledger-document.ts';
import { PriceTable } from './price-table.ts';

const AT = Date.UTC(2026, 0, 5);

function tableOf(text: string, prices: Readonly<Record<string, Quote>> = {}): PriceTable {
  const document = parseLedgerDocument(ledgerFromText(`USD 00:00 to 01:00\n${text}`));
  const known = new Map(Object.entries(prices));
  const nothing = { balances: new Map(), positions: new Map(), marks: new Map(), transit: [] };
  return new PriceTable(document, { ...nothing, asOf: AT, prices: known });
}

function priceOf(asset: string, table: PriceTable, at = AT): string | null {
  table.advance(at);
  const quote = table.price(asset, at);
  return quote === null ? null : formatDecimal(quote.price);
}

describe('accepts', () => {
  const forwards = 'price USDT/USD: 00:00 1.5';
  const backwards = 'price USD/USDT: 00:00 0.5';
  const byVenue = 'price USDT/USD: 00:00 3';
  const byReference = 'reference USDT/USD at kraken\nprice USDT/USD by kraken: 00:00 0.9';
  const another = 'price ABC: 00:00 7';
  const lower = 'reference USDT/USD at bitstamp\nprice USDT/USD by bitstamp: 00:00 5';
  test.each([
    ['of two directions of a pair the larger price', [forwards, backwards], '2.'],
    ['a reference before a venue’s own quote, though it is smaller', [byVenue, byReference], '0.9'],
    ['and with the price of another asset between them', [byVenue, another, byReference], '0.9'],
    ['of a reference and a pair turned round the reference', [backwards, byReference], '0.9'],
    ['the last of two references by name', [lower, byReference], '0.9'],
  ])('%s, whichever comes first', (_name, lines, told) => {
    expect(priceOf('USDT', tableOf(lines.join('\n')))).toMatch(told);
    expect(priceOf('USDT', tableOf(lines.toReversed().join('\n')))).toMatch(told);
  });

  test('36 digits of a price that is used backwards', () => {
    expect(priceOf('EUR', tableOf('price USD/EUR: 00:00 3'))).toBe(`0.${'3'.repeat(36)}`);
  });

  test.each([
    ['before', AT - 1, '7'],
    ['at the same instant', AT, '7'],
    ['after', AT + 1, '2'],
  ])('a price beside one known %s it: the later, and of one instant the new', (_name, at, told) => {
    const table = tableOf('price BTC: 00:00 7', { BTC: { price: integer(2), at } });
    expect(priceOf('BTC', table)).toBe(told);
  });

  test('an airdrop counts nothing until more of it comes from outside, later', () => {
    const table = tableOf('');
    table.receiveAirdrop('DROP', AT);
    const receive = (amount: number, at: number): string | null => {
      table.receiveFlow({ asset: 'DROP', amount: integer(amount) }, at);
      return priceOf('DROP', table, at);
    };
    expect(receive(1, AT)).toBe('0');
    expect(receive(-1, AT + HOUR_MS)).toBe('0');
    expect(receive(0, AT + HOUR_MS)).toBe('0');
    expect(receive(1, AT + 1)).toBeNull();
  });
});

describe('holds', () => {
  test('what is carried over stands in the order of the names', () => {
    const quote = { price: integer(1), at: AT };
    const table = tableOf('price C: 00:00 3\nprice A: 00:00 1', { D: quote, B: quote });
    table.advance(AT);
    expect([...table.quotes().prices.keys()]).toEqual(['A', 'B', 'C', 'D']);
  });
});
