// What an hour's profit is made of, and the reference pairs that convert it, told as text ledgers
// that can be checked with a pencil. Where a part is zero it is left out.

import { describe, expect, test } from '@jest/globals';
import {
  add,
  formatCheckpoint,
  formatDecimal,
  normalise,
  ONE,
  parseCheckpoint,
  sign,
} from '@track-record/ledger';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { computeHours, formatHoursReport, type Hour, type HoursReport } from './index.ts';

const PARTS = ['flow', 'fees', 'funding', 'income', 'realised', 'unrealised', 'fx'] as const;

const cases: Record<string, string> = {
  'a coin earns what its price does, and what a trade got beside the price': `
    USD 00:00 to 02:00
    00:10 a fill: BTC 1, USD -101, USD -0.5 fee
    01:10 b fill: BTC -1, USD 111
    anchor 00:00: USD 1000
    price BTC: 00:00 100, 01:00 110, 02:00 120
    ---
    1000 -> 1008.5: fees -0.5, unrealised 9
    1008.5 -> 1009.5: unrealised 1`,

  'a contract: what was unrealised becomes realised when it is closed': `
    USD 00:00 to 02:00
    PERP is linear BTC USD USD size 1
    00:10 a fill: PERP 2 @ 100
    00:20 b funding: USD -0.25
    01:10 c fill: PERP -2 @ 107
    anchor 00:00: USD 1000
    mark PERP: 01:00 110
    ---
    1000 -> 1019.75: funding -0.25, unrealised 20
    1019.75 -> 1013.75: realised 14, unrealised -20`,

  'the same where the venue posts the profit': `
    USD 00:00 to 02:00
    PERP is linear BTC USD USD size 1 posted
    00:10 a fill: PERP 2 @ 100
    01:10 c fill: PERP -2 @ 107
    01:10 d realised: USD 14, USD -1 fee
    anchor 00:00: USD 1000
    mark PERP: 01:00 110
    ---
    1000 -> 1020: unrealised 20
    1020 -> 1013: fees -1, realised 14, unrealised -20`,

  'profit in a coin is worth the coin when it was made; the coin then goes its way': `
    USD 00:00 to 02:00
    PERP is inverse BTC USD BTC size 100
    00:10 a fill: PERP -80 @ 40000
    01:10 b fill: PERP 80 @ 50000
    anchor 00:00: BTC 1
    price BTC: 00:00 40000, 01:00 50000, 02:00 60000
    mark PERP: 01:00 50000
    ---
    40000 -> 48000: unrealised 8000
    48000 -> 57600: realised -2000, unrealised 11600`,

  'cash in another currency, bought in between': `
    EUR 00:00 to 01:00
    EURUSD is fx EUR USD USD
    00:30 a fill: EUR -100, USD 110
    anchor 00:00: EUR 1000, USD 220
    price USD: 00:00 0.9, 00:30 0.91, 01:00 0.92
    ---
    1198 -> 1203.6: unrealised 0.1, fx 5.5`,

  'the same in transit': `
    EUR 00:00 to 02:00
    00:30 a transfer: USD -100
    01:30 b transfer: USD 99
    anchor 00:00: USD 100
    price USD: 00:00 0.9, 01:00 0.8, 02:00 0.7
    ---
    90 -> 80: fx -10
    80 -> 69.3: fees -0.8, fx -9.9`,

  'and what a share is quoted in': `
    USD 00:00 to 01:00
    VOLV is equity VOLV SEK SEK
    anchor 00:00: SEK 1000, VOLV 10 @ 200
    price SEK: 00:00 0.1, 01:00 0.11
    mark VOLV: 00:00 200, 01:00 210
    ---
    300 -> 341: unrealised 31, fx 10`,

  'flows, income, and a fee in a third asset': `
    USD 00:00 to 01:00
    00:00 a flow: USD 500
    00:20 b dividend: USD 20
    00:20 c withholding: USD -3
    00:30 d reward: BTC 0.1
    00:40 e fee: BNB -1
    anchor 00:00: USD 1000, BNB 2
    price BTC: 00:00 100, 01:00 200
    price BNB: 00:00 10, 01:00 12
    ---
    1020 -> 1549: flow 500, fees -10, income 27, unrealised 12`,

  'a currency without a price until later makes no fx': `
    USD 00:00 to 01:00
    00:30 a flow: EUR 10
    anchor 00:00: USD 100
    price EUR: 00:30 1, 01:00 1.5
    ---
    100 -> 115: flow 10, fx 5`,
};

const references: Record<string, string> = {
  'what the venue quotes in is converted by the named pair': `
    USD 00:00 to 02:00
    reference USDT/USD at kraken
    00:30 a fill: BTC -0.5, USDT 25000
    anchor 00:00: BTC 1, USDT 1000
    price BTC/USDT: 00:00 50000, 01:00 50000, 02:00 52000
    price USDT/USD by kraken: 00:00 0.99, 01:00 1.01, 02:00 1
    ---
    50490 -> 51510: unrealised 500, fx 520 by USDT 1.01 of kraken
    51510 -> 52000: unrealised 750, fx -260 by USDT 1 of kraken`,

  'a pair that the venue lists the other way round': `
    EUR 00:00 to 01:00
    reference USDT/EUR at other
    anchor 00:00: BTC 1
    price BTC/USDT: 00:00 100, 01:00 100
    price EUR/USDT by other: 00:00 1.25, 01:00 1
    ---
    80 -> 100: unrealised 20 by USDT 1 of other`,

  'over two pairs': `
    SEK 00:00 to 01:00
    reference USDT/USD at kraken
    reference USD/SEK at bank
    anchor 00:00: BTC 1, USDT 0
    price BTC/USDT: 00:00 100, 01:00 100
    price USDT/USD by kraken: 00:00 1, 01:00 1
    price USD/SEK by bank: 00:00 10, 01:00 11
    ---
    1000 -> 1100: unrealised 100 by USD 11 of bank, USDT 11 of kraken`,

  'a coin may be the pair': `
    EUR 00:00 to 01:00
    reference BTC/EUR at kraken
    anchor 00:00: BTC 1, DOT 10
    price DOT/BTC: 00:00 0.1, 01:00 0.1
    price BTC/EUR by kraken: 00:00 50, 01:00 60
    ---
    100 -> 120: unrealised 20 by BTC 60 of kraken`,

  'not of another instant': `
    USD 00:00 to 02:00
    reference USDT/USD at kraken
    anchor 00:00: BTC 1
    price BTC/USDT: 00:00 100, 01:00 200, 02:00 300
    price USDT/USD by kraken: 00:00 1, 02:00 1
    ---
    100 -> 100: (stale) by USDT 1 of kraken
    100 -> 300: unrealised 200 (stale) by USDT 1 of kraken`,

  'before the same pair of the venue itself': `
    USD 00:00 to 01:00
    reference USDT/USD at kraken
    anchor 00:00: USDT 100
    price USDT/USD: 00:00 0.5, 01:00 0.5
    price USDT/USD by kraken: 00:00 1, 01:00 0.9
    ---
    100 -> 90: fx -10 by USDT 0.9 of kraken`,

  'and it is told when the venue has to do': `
    USD 00:00 to 01:00
    reference USDT/USD at kraken
    anchor 00:00: USDT 100
    price USDT/USD: 00:00 0.5, 01:00 0.5
    price USDT/USD by kraken: 00:00 1
    ---
    100 -> 50: fx -50`,
};

describe('accepts', () => {
  test.each([...Object.entries(cases), ...Object.entries(references)])('%s', (_name, text) => {
    const [ledger = '', expected = ''] = text.split('---');
    const told = reportOf(ledger).hours.map(toText);
    expect(told).toEqual(expected.split('\n').flatMap((line) => line.trim() || []));
  });

  test('the hour as it is written', () => {
    const [ledger = ''] = (references['over two pairs'] ?? '').split('---');
    const written = formatHoursReport(reportOf(ledger));
    expect(written).toMatchObject({
      hours: [
        {
          income: '0',
          realised: '0',
          unrealised: '100',
          fx: '0',
          references: {
            USD: { price: '11', at: '2026-01-05T01:00:00Z', source: 'bank' },
            USDT: { price: '11', at: '2026-01-05T01:00:00Z', source: 'kraken' },
          },
        },
      ],
    });
  });

  test('from a checkpoint the same source is told', () => {
    const [ledger = ''] = (references['not of another instant'] ?? '').split('---');
    const document = parseLedgerDocument(ledgerFromText(ledger));
    const middle = document.window.from + 3_600_000;
    const first = { ...document, window: { ...document.window, to: middle } };
    const opening = parseCheckpoint(
      JSON.parse(JSON.stringify(formatCheckpoint(computeHours(first).closing))),
    );
    const rest = { ...document, anchors: [], window: { ...document.window, from: middle } };
    const { hours } = computeHours({ ...rest, prices: document.prices.slice(-1) }, { opening });
    expect(hours.map(toText)).toEqual(['100 -> 100: (stale) by USDT 1 of kraken']);
    const whole = computeHours({ ...rest, prices: document.prices.slice(2) }, { opening });
    expect(whole.hours).toEqual(computeHours(document).hours.slice(1));
  });
});

describe('refuses', () => {
  test.each([
    ['another venue', 'price USDT/USD by mine: 00:00 2'],
    ['another pair', 'price BTC/USD by kraken: 00:00 2'],
    ['half of the pair', 'price USDT/BTC by kraken: 00:00 2'],
  ])('a price of %s: LEDGER_MALFORMED', (_name, line) => {
    const text = `USD 00:00 to 01:00\n reference USDT/USD at kraken\n anchor 00:00: USD 1\n${line}`;
    const refused = expect.objectContaining({
      code: 'LEDGER_MALFORMED',
      place: 'document.prices[0].source',
    });
    expect(() => reportOf(text)).toThrow(refused);
  });

  test('two prices of one source at one instant: LEDGER_ENTRY_CONFLICT', () => {
    const text = `USD 00:00 to 01:00\n reference USDT/USD at kraken\n anchor 00:00: USDT 1
      price USDT/USD by kraken: 00:00 1, 00:00 2`;
    const refused = expect.objectContaining({ code: 'LEDGER_ENTRY_CONFLICT' });
    expect(() => reportOf(text)).toThrow(refused);
  });
});

describe('holds', () => {
  test('what was booked is part of no profit: NAV = flows, parts and the residual', () => {
    const document = parseLedgerDocument(
      ledgerFromText(`
        EUR 00:00 to 01:00
        00:10 a funding: USD -3
        anchor 00:30: USD 1000.5, BTC 1
        price USD: 00:00 0.9, 00:30 0.91, 01:00 0.92
        price BTC: 00:00 100, 01:00 110`),
    );
    const opening = { ...computeHours(document).opening, balances: new Map([['USD', ONE]]) };
    const [hour] = computeHours(document, { opening }).hours;
    const terms = [hour?.navOpen, hour?.residualValue, ...PARTS.map((part) => hour?.[part])];
    const sum = terms.map((term) => term ?? ONE).reduce(add);
    expect(plain(sum)).toBe(plain(hour?.navClose ?? null));
    expect(sign(hour?.residualValue ?? ONE)).toBe(1);
  });
});

function reportOf(text: string): HoursReport {
  return computeHours(parseLedgerDocument(ledgerFromText(text)));
}

function toText(hour: Hour): string {
  const parts = PARTS.filter((part) => sign(hour[part] ?? ONE) !== 0);
  const told = hour.pnl === null ? [] : parts.map((part) => `${part} ${plain(hour[part])}`);
  const status = hour.status === 'measured' ? '' : ` (${hour.status})`;
  const rates = [...hour.references].map(
    ([asset, { price, source }]) => `${asset} ${plain(price)} of ${source}`,
  );
  const by = rates.length === 0 ? '' : ` by ${rates.sort().join(', ')}`;
  const nav = `${plain(hour.navOpen)} -> ${plain(hour.navClose)}:`;
  return `${nav} ${told.join(', ')}${status}${by}`.replace(/: +/, ': ');
}

function plain(value: Readonly<{ mantissa: bigint; scale: number }> | null): string {
  return value === null ? 'null' : formatDecimal(normalise(value));
}
