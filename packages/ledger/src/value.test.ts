// Prices, chains and what a book is worth, told as text ledgers.

import { describe, expect, test } from '@jest/globals';
import { ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { Book } from './book.ts';
import { formatDecimal, normalise, parseDecimal, ZERO } from './decimal.ts';
import { HOUR_MS } from './document.ts';
import { parseLedgerDocument } from './ledger-document.ts';
import { replayBackward } from './opening.ts';
import { PriceTable } from './price-table.ts';
import { Appraisal, sumOrNull } from './value.ts';

const DAY = Date.UTC(2026, 0, 5);

/** The equity at the given hour of what the anchor shows, and how its holdings are priced. */
function equityOf(text: string, hour = 0, freshMs = 0): string {
  const document = parseLedgerDocument(ledgerFromText(`USD 00:00 to 01:00\n${text}`));
  const table = new PriceTable(document, null);
  const at = DAY + hour * HOUR_MS;
  table.advance(at);
  const book = new Book(document.instruments, replayBackward(document, []));
  const { equity, holdings } = new Appraisal(book, table, at, freshMs).equity();
  const states = Object.entries(holdings).filter(([, count]) => count > 0);
  const told = states.map(([state, count]) => `${count} ${state}`).join(', ');
  return `${equity === null ? 'unknown' : formatDecimal(normalise(equity))}: ${told}`;
}

describe('accepts', () => {
  test.each<[string, string, string]>([
    ['the reporting currency is worth 1', 'anchor 00:00: USD 5', '5: 1 fresh'],
    ['nothing', 'anchor 00:00: USD 0', '0: '],
    ['a debt', 'anchor 00:00: USD 5, BTC -1\n price BTC: 00:00 3', '2: 2 fresh'],
    [
      'a chain of two legs',
      'anchor 00:00: DOT 10\n price DOT/USDT: 00:00 2\n price USDT: 00:00 0.9995',
      '19.99: 1 fresh',
    ],
    [
      'the shorter chain',
      'anchor 00:00: DOT 1\n price DOT/BTC: 00:00 9\n price BTC: 00:00 9\n price DOT: 00:00 7',
      '7: 1 fresh',
    ],
    [
      'of equal chains the first by name',
      `anchor 00:00: DOT 1
       price DOT/USDT: 00:00 2\n price DOT/BTC: 00:00 3\n price USDT: 00:00 1\n price BTC: 00:00 1`,
      '3: 1 fresh',
    ],
    [
      'in whatever order they are quoted',
      `anchor 00:00: DOT 1
       price DOT/BTC: 00:00 3\n price DOT/USDT: 00:00 2\n price USDT: 00:00 1\n price BTC: 00:00 1`,
      '3: 1 fresh',
    ],
    [
      'a chain of three',
      `anchor 00:00: A 1
       price A/B: 00:00 2\n price B/C: 00:00 3\n price C: 00:00 5`,
      '30: 1 fresh',
    ],
    [
      'the reporting currency quoted in another, used backwards',
      'anchor 00:00: EUR 3\n price USD/EUR: 00:00 0.8',
      '3.75: 1 fresh',
    ],
    [
      'so is any pair of what no chain reaches',
      `anchor 00:00: TRY 80
       price USDT/TRY: 00:00 40
 price USDT: 00:00 0.5
 price BTC/TRY: 00:00 4000000`,
      '1: 1 fresh',
    ],
    [
      'and what lies behind it',
      `anchor 00:00: ODD 4
       price ODD/TRY: 00:00 10
 price USDT/TRY: 00:00 40
 price USDT: 00:00 0.5`,
      '0.5: 1 fresh',
    ],
    [
      'not where a chain leads forwards, however long',
      `anchor 00:00: A 1
       price A/B: 00:00 2
 price B: 00:00 3
 price C/A: 00:00 9
 price C: 00:00 1`,
      '6: 1 fresh',
    ],
    [
      'nor a pair that is worth nothing',
      'anchor 00:00: TRY 80\n price USDT/TRY: 00:00 0\n price USDT: 00:00 1',
      'unknown: 1 unpriced',
    ],
    [
      'a price of the reporting currency in itself is ignored',
      'anchor 00:00: USD 3\n price USD: 00:00 2',
      '3: 1 fresh',
    ],
    [
      'values keep 24 digits',
      'anchor 00:00: BTC 0.0000000000003\n price BTC: 00:00 0.000000000005',
      '0.000000000000000000000002: 1 fresh',
    ],
    ['a worthless asset', 'anchor 00:00: LUNA 3\n price LUNA: 00:00 0', '0: 1 fresh'],
    [
      'a worthless reporting currency makes no chain',
      'anchor 00:00: EUR 3\n price USD/EUR: 00:00 0',
      'unknown: 1 unpriced',
    ],
    [
      'legs of different instants are no chain',
      'anchor 00:00: DOT 1, USD 1\n price DOT/USDT: 00:00 2\n price USDT: 01:00 1',
      'unknown: 1 fresh, 1 unpriced',
    ],
    [
      'a margined position is worth its gain',
      `PERP is linear BTC USDT USDT size 0.1
       anchor 00:00: PERP 10 @ 100
       mark PERP: 00:00 110\n price USDT: 00:00 2`,
      '20: 1 fresh',
    ],
    [
      'a mark without the price of its settlement',
      'PERP is linear BTC USDT USDT size 1\n anchor 00:00: PERP 1 @ 1\n mark PERP: 00:00 1',
      'unknown: 1 unpriced',
    ],
    [
      'a position without a mark',
      'PERP is linear BTC USD USD size 1\n anchor 00:00: PERP 1 @ 1',
      'unknown: 1 unpriced',
    ],
  ])('%s', (_name, text, told) => {
    expect(equityOf(text)).toBe(told);
  });

  const coin = 'anchor 00:00: BTC 1\n price BTC: 00:00 2';
  const share = 'ACME is equity ACME USD USD\n anchor 00:00: ACME 1 @ 1\n mark ACME: 00:00 2';
  const sharesHeld = 'ACME is equity ACME USD USD\n anchor 00:00: ACME 1\n price ACME: 00:00 2';
  const option = 'PUT is option ACME USD USD size 1\n anchor 00:00: PUT 1 @ 1\n mark PUT: 00:00 2';
  const coinOption =
    'PUT is option USD USD USD size 1\n anchor 00:00: PUT 1 @ 1\n mark PUT: 00:00 2';
  const future = 'FUT is future BTC USD USD size 1\n anchor 00:00: FUT 1 @ 1\n mark FUT: 00:00 3';
  const perpetual =
    'PERP is linear BTC USD USD size 1\n anchor 00:00: PERP 1 @ 1\n mark PERP: 00:00 3';
  const currency = 'EURUSD is fx EUR USD USD\n anchor 00:00: EUR 1\n price EUR: 00:00 2';

  test.each<[string, string, number, string]>([
    ['a coin, within the day', coin, 24, '2: 1 stale'],
    ['a coin, after it', coin, 25, 'unknown: 1 unpriced'],
    ['a share, over the longest weekend', share, 120, '2: 1 closed'],
    ['a share, after it', share, 121, 'unknown: 1 unpriced'],
    ['shares held as a balance', sharesHeld, 120, '2: 1 closed'],
    ['an option on a share', option, 120, '2: 1 closed'],
    ['a coin-settled option', coinOption, 25, 'unknown: 1 unpriced'],
    ['a dated future of an exchange with sessions', future, 120, '2: 1 closed'],
    [
      'the coin in which contracts are quoted',
      'PERP is linear BTC USDT USDT size 1\n anchor 00:00: USDT 1\n price USDT: 00:00 2',
      25,
      'unknown: 1 unpriced',
    ],
    [
      'the currency in which another is quoted',
      'EURJPY is fx EUR JPY JPY\n anchor 00:00: JPY 1\n price JPY: 00:00 2',
      120,
      '2: 1 closed',
    ],
    ['a perpetual, which trades at all hours', perpetual, 25, 'unknown: 1 unpriced'],
    ['a foreign currency', currency, 120, '2: 1 closed'],
  ])('a price carried forward: %s', (_name, text, hour, told) => {
    expect(equityOf(text, hour)).toBe(told);
  });

  test('a price is of the instant for as long as it is called fresh', () => {
    expect(equityOf(coin, 1, HOUR_MS)).toBe('2: 1 fresh');
    expect(equityOf(coin, 1, HOUR_MS - 1)).toBe('2: 1 stale');
  });
});

describe('refuses', () => {
  test('to add up without a part', () => {
    expect(sumOrNull([parseDecimal('1'), null])).toBeNull();
    expect(sumOrNull([])).toEqual(ZERO);
  });
});
