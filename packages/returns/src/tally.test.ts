import { describe, expect, test } from '@jest/globals';
import { formatDecimal, HOUR_MS, parseDecimal, PriceTable } from '@track-record/ledger';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { currenciesOf, Tally } from './tally.ts';

const START = Date.UTC(2026, 0, 5);

describe('accepts', () => {
  test('as cash what shares and rates are quoted in, and no coin that contracts are', () => {
    const text = `USD 00:00 to 01:00
      ACME is equity ACME SEK SEK
      NOKDKK is fx NOK DKK DKK
      PERP is linear BTC DOGE DOGE size 1`;
    const found = currenciesOf(parseLedgerDocument(ledgerFromText(text)));
    expect(['SEK', 'DKK', 'EUR', 'USDT'].filter((name) => !found.has(name))).toEqual([]);
    expect(['USD', 'DOGE', 'NOK', 'BTC'].filter((name) => found.has(name))).toEqual([]);
  });
});

describe('holds', () => {
  const text = 'USD 00:00 to 01:00\nprice BTC: 00:00 3, 01:00 5\nprice LATE: 01:00 7';

  function settled(amounts: string): (string | null)[] {
    const tally = new Tally();
    const table = new PriceTable(parseLedgerDocument(ledgerFromText(text)), null);
    for (const part of amounts.split(', ')) {
      const [asset = '', amount = ''] = part.split(' ');
      tally.add(asset, parseDecimal(amount));
    }
    return [START, START + HOUR_MS].map((at) => {
      table.advance(at);
      tally.settle(table, at);
      const value = tally.value();
      return value === null ? null : formatDecimal(value).replace(/\.?0+$/, '');
    });
  }

  test.each([
    ['what has a price, at the first that it has', 'BTC 2, USD 1', ['7', '7']],
    ['what has none yet is unknown, and then counts', 'LATE 2, USD 1', [null, '15']],
    ['what never has one', 'NONE 2, USD 1', [null, null]],
    ['nothing of it is nothing', 'NONE 2, NONE -2, USD 1', ['1', '1']],
  ])('%s', (_name, amounts, told) => {
    expect(settled(amounts)).toEqual(told);
  });
});
