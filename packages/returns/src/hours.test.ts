// Hourly returns of small ledgers that can be checked with a pencil. Each case is the ledger and,
// below the rule, what every hour must say.

import { describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { formatDecimal, parseDecimal, ZERO } from '@track-record/ledger';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { hoursToText, ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { computeHours, formatHoursReport, type HoursReport, policyFor } from './index.ts';

const cases: Record<string, string> = {
  'an account with no entries': `
    USD 00:00 to 02:00
    anchor 02:00: USD 100
    ---
    00:00 measured 100 -> 100 flow 0 pnl 0 return 0
    01:00 measured 100 -> 100 flow 0 pnl 0 return 0`,

  'an account with nothing': `
    USD 00:00 to 01:00
    anchor 01:00:
    ---
    00:00 no_capital 0 -> 0 flow 0 pnl 0 return equity_not_positive`,

  'a spot trade is neutral at its price, the fee is not': `
    USD 00:00 to 01:00
    00:30 t1 fill: BTC 0.1, USD -6000, USD -6 fee
    anchor 01:00: BTC 0.1, USD 3994
    price BTC: 01:00 60000
    ---
    00:00 measured 10000 -> 9994 flow 0 pnl -6 return -0.0006`,

  'an entry at exactly the full hour belongs to the next one': `
    USD 00:00 to 02:00
    00:59:59.999 a funding: USD -1
    01:00 b funding: USD -2
    02:00 c funding: USD -4
    anchor 02:00: USD 997
    ---
    00:00 measured 1000 -> 999 flow 0 pnl -1 return -0.001
    01:00 measured 999 -> 997 flow 0 pnl -2 return -0.002002002002002002`,

  'the anchor may lie after the window': `
    USD 00:00 to 01:00
    00:10 a interest: USD 1
    01:02 b interest: USD 5
    anchor 01:04: USD 106
    ---
    00:00 measured 100 -> 101 flow 0 pnl 1 return 0.01`,

  'a deposit at flat prices earns nothing': `
    USD 00:00 to 01:00
    00:20 d flow: USD 500
    anchor 01:00: USD 1500
    ---
    00:00 measured 1000 -> 1500 flow 500 pnl 0 return 0`,

  'the first deposit opens the sub-period': `
    USD 00:00 to 01:00
    00:30 d flow: USD 2500
    00:40 p adjustment: USD 25
    anchor 01:00: USD 2525
    ---
    00:00 measured 0 -> 2525 flow 2500 pnl 25 return 0.01`,

  'a full withdrawal closes it, then there is no capital': `
    USD 00:00 to 02:00
    00:30 p adjustment: USD 100
    00:40 w flow: USD -4100
    anchor 02:00: USD 0
    ---
    00:00 measured 4000 -> 0 flow -4100 pnl 100 return 0.025
    01:00 no_capital 0 -> 0 flow 0 pnl 0 return equity_not_positive`,

  'the fee of a full withdrawal falls on the capital that leaves': `
    USD 00:00 to 01:00
    00:30 w flow: USD -4000, USD -100 fee
    anchor 00:00: USD 4100
    ---
    00:00 measured 4100 -> 0 flow -4000 pnl -100 return -0.024390243902439024`,

  'two withdrawals with fees in one millisecond': `
    USD 00:00 to 01:00
    00:30 v flow: USD -1000, USD -50 fee
    00:30 w flow: USD -900, USD -50 fee
    anchor 00:00: USD 2000
    ---
    00:00 measured 2000 -> 0 flow -1900 pnl -100 return -0.05`,

  'the fee of a deposit falls on the capital that came': `
    USD 00:00 to 01:00
    00:30 d flow: USD 1000, USD -1 fee
    anchor 00:00: USD 0
    ---
    00:00 measured 0 -> 999 flow 1000 pnl -1 return -0.001`,

  'in one millisecond: inflow, profit, outflow': `
    USD 00:00 to 01:00
    00:30 a flow: USD -1100
    00:30 b adjustment: USD 200
    00:30 c flow: USD 1000
    anchor 01:00: USD 1100
    ---
    00:00 measured 1000 -> 1100 flow -100 pnl 200 return 0.1`,

  'ruin is minus one, and nothing is linked across it': `
    USD 00:00 to 03:00
    00:30 a adjustment: USD -1000
    01:30 b flow: USD 500
    02:30 c adjustment: USD 50
    anchor 03:00: USD 550
    ---
    00:00 ruined 1000 -> 0 flow 0 pnl -1000 return -1
    01:00 measured 0 -> 500 flow 500 pnl 0 return 0
    02:00 measured 500 -> 550 flow 0 pnl 50 return 0.1`,

  'new capital in the hour of the ruin does not help': `
    USD 00:00 to 01:00
    00:10 a adjustment: USD -1000
    00:20 b flow: USD 500
    00:30 c adjustment: USD 50
    anchor 01:00: USD 550
    ---
    00:00 ruined 1000 -> 550 flow 500 pnl -950 return -1`,

  'equity below zero has no return, and its interest is not a loss': `
    USD 00:00 to 02:00
    00:30 a interest: USD 1
    01:30 b interest: USD 1
    anchor 02:00: USD -98
    ---
    00:00 no_capital -100 -> -99 flow 0 pnl 1 return equity_not_positive
    01:00 no_capital -99 -> -98 flow 0 pnl 1 return equity_not_positive`,

  'dust is not measured until a deposit makes it capital': `
    USD 00:00 to 02:00
    00:30 a adjustment: USD 9
    01:20 b flow: USD 990.01
    01:40 c adjustment: USD 100
    anchor 02:00: USD 1100
    ---
    00:00 dust 0.99 -> 9.99 flow 0 pnl 9 return equity_below_minimum
    01:00 measured 9.99 -> 1100 flow 990.01 pnl 100 return 0.1`,

  'a linear perpetual: profit shows before it is realised': `
    USDT 00:00 to 02:00
    PERP is linear BTC USDT USDT size 1
    00:10 a fill: PERP 0.1 @ 60000, USDT -3 fee
    01:10 b fill: PERP -0.1 @ 61000, USDT -3 fee
    anchor 02:00: USDT 1094
    mark PERP: 01:00 60500
    ---
    00:00 measured 1000 -> 1047 flow 0 pnl 47 return 0.047
    01:00 measured 1047 -> 1094 flow 0 pnl 47 return 0.044890162368672397`,

  'the venue posts the realised profit itself': `
    USDT 00:00 to 01:00
    PERP is linear BTC USDT USDT size 1 posted
    00:10 a fill: PERP 0.1 @ 60000
    00:20 b fill: PERP -0.1 @ 61000
    00:20 c realised: USDT 100
    anchor 01:00: USDT 1100
    ---
    00:00 measured 1000 -> 1100 flow 0 pnl 100 return 0.1`,

  'a position older than the window, closed in it: the posted profit tells what it had cost': `
    USDT 00:00 to 02:00
    PERP is linear BTC USDT USDT size 1 posted
    00:10 a fill: PERP 1 @ 120
    01:10 b fill: PERP -1 @ 130
    01:10 c fill: PERP -2 @ 130
    01:10 d realised: USDT 18
    01:10 e realised: USDT 52
    01:20 f fill: PERP 5 @ 140
    anchor 02:00: USDT 1070, PERP 5 @ 140
    mark PERP: 00:00 110, 01:00 125, 02:00 141
    ---
    00:00 measured 1020 -> 1055 flow 0 pnl 35 return 0.034313725490196078
    01:00 measured 1055 -> 1075 flow 0 pnl 20 return 0.018957345971563981`,

  'a flip closes at a profit and opens anew': `
    USDT 00:00 to 01:00
    PERP is linear BTC USDT USDT size 1
    00:10 a fill: PERP 1 @ 100
    00:20 b fill: PERP -3 @ 110
    anchor 01:00: USDT 1010, PERP -2 @ 110
    mark PERP: 01:00 105
    ---
    00:00 measured 1000 -> 1020 flow 0 pnl 20 return 0.02`,

  'an option is worth its price, and may expire worthless': `
    USD 00:00 to 02:00
    CALL is option ACME USD USD size 1 multiplier 100
    00:10 a fill: CALL 3 @ 4.15, USD -1245, USD -1.95 fee
    01:30 b settlement: CALL -3 @ 0
    anchor 02:00: USD 8753.05
    mark CALL: 01:00 5.05
    ---
    00:00 measured 10000 -> 10268.05 flow 0 pnl 268.05 return 0.026805
    01:00 measured 10268.05 -> 8753.05 flow 0 pnl -1515 return -0.147545054805927123`,

  'shares long and short, and a reverse split': `
    USD 00:00 to 02:00
    ACME is equity ACME USD USD
    LOSS is equity LOSS USD USD
    00:10 a fill: LOSS -10 @ 50, USD 500
    01:10 b split: ACME x 0.02
    anchor 02:00: USD 1500, ACME 2 @ 100, LOSS -10 @ 50
    mark ACME: 00:00 2, 01:00 2, 02:00 90
    mark LOSS: 01:00 40, 02:00 45
    ---
    00:00 measured 1200 -> 1300 flow 0 pnl 100 return 0.083333333333333333
    01:00 measured 1300 -> 1230 flow 0 pnl -70 return -0.053846153846153846`,

  'a transfer inside the perimeter costs its fee and is no flow': `
    USD 00:00 to 01:00
    00:10 a transfer: BTC -2, BTC 1.9995
    anchor 01:00: BTC 1.9995
    price BTC: 00:00 60000, 01:00 60000
    ---
    00:00 measured 120000 -> 119970 flow 0 pnl -30 return -0.00025`,

  'dividends and their tax are performance': `
    USD 00:00 to 01:00
    00:10 a dividend: USD 123.45
    00:10 b withholding: USD -18.5175
    anchor 01:00: USD 1104.9325
    ---
    00:00 measured 1000 -> 1104.9325 flow 0 pnl 104.9325 return 0.1049325`,

  'a coin in a coin: the chain of quotes at one instant': `
    USD 00:00 to 01:00
    00:10 a reward: DOT 1
    anchor 01:00: DOT 11
    price DOT/USDT: 00:00 2, 01:00 2
    price USDT: 00:00 1, 01:00 0.9995
    ---
    00:00 measured 20 -> 21.989 flow 0 pnl 1.989 return 0.09945`,

  'a holding without a price: no number at all': `
    USD 00:00 to 02:00
    01:10 a reward: ODD 1
    anchor 02:00: USD 100, ODD 1
    ---
    00:00 measured 100 -> 100 flow 0 pnl 0 return 0
    01:00 unpriced 100 -> null flow 0 pnl null return asset_without_price`,

  'a price carried forward is said, for a day at most': `
    USD 00:00 to 26:00
    anchor 26:00: BTC 1
    price BTC: 00:00 100, 01:00 110
    ---
    00:00 measured 100 -> 110 flow 0 pnl 10 return 0.1
    01:00 stale 110 -> 110 flow 0 pnl 0 return 0
    ...
    24:00 stale 110 -> 110 flow 0 pnl 0 return 0
    25:00 unpriced 110 -> null flow 0 pnl null return asset_without_price`,

  'shares keep the price of the last session': `
    USD 00:00 to 26:00
    ACME is equity ACME USD USD
    anchor 26:00: ACME 1 @ 100
    mark ACME: 00:00 100
    ---
    00:00 market_closed 100 -> 100 flow 0 pnl 0 return 0
    ...
    25:00 market_closed 100 -> 100 flow 0 pnl 0 return 0`,

  'a loss is not diluted by a deposit in the last minute': `
    USD 00:00 to 01:00
    00:59 d flow: USD 50000
    00:59:30 l adjustment: USD 10
    anchor 01:00: BTC 0.01, USD 50010
    price BTC: 00:00 100000, 00:59 50000, 01:00 50000
    ---
    00:00 measured 1000 -> 50510 flow 50000 pnl -490 return -0.499900990099009901`,

  'the minute candle before the flow is its price': `
    USD 00:00 to 01:00
    00:29:59 d flow: USD 100
    anchor 01:00: BTC 1, USD 100
    price BTC: 00:00 100, 00:29 110, 01:00 121
    ---
    00:00 measured 100 -> 221 flow 100 pnl 21 return 0.157619047619047619`,

  'a large flow without prices of its instant': `
    USD 00:00 to 01:00
    00:20 d flow: USD 10
    anchor 01:00: BTC 1, USD 10
    price BTC: 00:00 100, 01:00 110
    ---
    00:00 flow_unvalued 100 -> 120 flow 10 pnl 10 return large_flow_without_price`,

  'a small flow in kind without a price of its instant takes the nearer full hour': `
    USD 00:00 to 03:00
    00:29:59.999 d flow: BTC 0.01
    01:30 e flow: BTC 0.01
    anchor 03:00: BTC 1.02
    price BTC: 00:00 100, 01:00 200, 02:00 300, 03:00 300
    ---
    00:00 measured 100 -> 202 flow 1 pnl 101 return 1.004975121600400438
    01:00 measured 202 -> 306 flow 3 pnl 101 return 0.496314496314496314
    02:00 measured 306 -> 306 flow 0 pnl 0 return 0`,

  'a price too old for the flow is not its price': `
    USD 00:00 to 26:00
    25:10 d flow: ODD 1
    anchor 26:00: ODD 1, USD 100
    price ODD: 00:00 3, 26:00 5
    ---
    00:00 measured 100 -> 100 flow 0 pnl 0 return 0
    ...
    25:00 measured 100 -> 105 flow 5 pnl 0 return 0`,

  'a small one: Modified Dietz by the millisecond': `
    USD 00:00 to 01:00
    00:30 d flow: USD 9
    anchor 01:00: BTC 1, USD 9
    price BTC: 00:00 100, 01:00 110
    ---
    00:00 measured 100 -> 119 flow 9 pnl 10 return 0.095693779904306220`,

  'a deposit in kind is valued like the equity that follows it': `
    USD 00:00 to 01:00
    00:50 d flow: BTC 1.5
    anchor 01:00: BTC 1.5, USD 1000000
    price BTC: 00:00 60000, 01:00 61200
    ---
    00:00 measured 1000000 -> 1091800 flow 91800 pnl 0 return 0`,

  'shares that are moved in are a flow at their mark': `
    USD 00:00 to 01:00
    ACME is equity ACME USD USD
    00:30 d flow: ACME 10 @ 80
    anchor 00:00: USD 1000
    mark ACME: 00:30 100, 01:00 120
    ---
    00:00 measured 1000 -> 2200 flow 1000 pnl 200 return 0.1`,

  'what goes below zero without being owed proves a missing entry': `
    USD 00:00 to 03:00
    00:10 a fill: BTC -1, USD 100
    01:10 b flow: BTC 1
    anchor 03:00: BTC 0, USD 100
    price BTC: 00:00 100, 01:00 100, 01:10 100
    ---
    00:00 quarantined 0 -> 0 flow 0 pnl 0 return balance_below_zero
    01:00 quarantined 0 -> 100 flow 100 pnl 0 return balance_below_zero
    02:00 measured 100 -> 100 flow 0 pnl 0 return 0`,
};

describe('accepts', () => {
  test.each(Object.entries(cases))('%s', (_name, text) => {
    const [ledger = '', expected = ''] = text.split('---');
    const lines = hoursToText(reportOf(ledger));
    for (const line of expected.split('\n').map((row) => row.trim())) {
      if (line !== '' && line !== '...') expect(lines).toContain(withoutPadding(line));
    }
    if (!expected.includes('...')) {
      expect(lines).toHaveLength(expected.trim().split('\n').length);
    }
  });

  test('coverage is the share of the holdings that had a price of the instant', () => {
    const { hours } = reportOf(`
      USD 00:00 to 25:00
      00:10 a airdrop: NEWT 1
      24:10 b reward: ODD 1
      anchor 25:00: USD 100, BTC 1, NEWT 1, ODD 1
      price BTC: 00:00 1, 25:00 1`);
    const told = [0, 1, 24].map((hour) => formatDecimal(hours[hour]?.coverage ?? ZERO));
    // Carried, counted as zero and without a price are all not priced.
    expect(told).toEqual(['0.333333', '0.333333', '0.5']);
    const closed = reportOf(`
      USD 00:00 to 02:00
      ACME is equity ACME USD USD
      anchor 00:00: USD 1, BTC 2, ACME 1 @ 1
      price BTC: 00:00 1
      mark ACME: 00:00 1`);
    expect(closed.hours.map(({ coverage }) => formatDecimal(coverage))).toEqual([
      '0.666667',
      '0.666667',
    ]);
  });

  test('a residual and what was derived are told in the order of the names', () => {
    const report = reportOf('USD 00:00 to 01:00\nanchor 00:00: USD 1');
    const [hour] = report.hours;
    if (hour === undefined) throw new Error('no hour');
    const residual = new Map(['b', 'c', 'a'].map((name) => [name, parseDecimal('1')]));
    const told = formatHoursReport({ ...report, hours: [{ ...hour, residual }] });
    const text = JSON.stringify(told);
    expect(text).toContain('"residual":{"a":"1","b":"1","c":"1"}');
    // Balances of an hour are told only to whoever asks.
    expect(text.match(/"balances"/g)).toHaveLength(1);
  });

  test('a session price counts as covered; balances are told in order', () => {
    const report = reportOf(`
      USD 00:00 to 02:00
      ACME is equity ACME USD USD
      anchor 00:00: USD 1, EUR 0, BTC 2, ACME 1 @ 1
      price BTC: 00:00 1, 01:00 1, 02:00 1
      mark ACME: 00:00 1`);
    expect(formatDecimal(report.hours[1]?.coverage ?? ZERO)).toBe('1');
    const text = JSON.stringify(formatHoursReport(report, { balances: true }));
    expect(text.match(/"balances":\{[^}]*\}/g)).toEqual(
      Array.from({ length: 3 }, () => '"balances":{"BTC":"2","USD":"1"}'),
    );
  });

  test('without any minimum a return still needs something above zero', () => {
    const none = { dustEquity: ZERO, residualUnit: ZERO };
    const text = `
      USD 00:00 to 02:00
      01:30 d flow: USD 0.01
      anchor 02:00: USD 0.01`;
    const { hours } = computeHours(parseLedgerDocument(ledgerFromText(text)), { policy: none });
    expect(hours.map(({ status }) => status)).toEqual(['no_capital', 'measured']);
  });
});

function reportOf(text: string): HoursReport {
  return computeHours(parseLedgerDocument(ledgerFromText(text)));
}

/** A return has 18 digits; more in the text are there to be read, zeros at the end are left out. */
function withoutPadding(line: string): string {
  return line.replace(/return (-?\d+\.\d{1,18})\d*$/, (_, value: string) => {
    return `return ${value.replace(/0+$/, '')}`;
  });
}

const refusals: [string, Code, string][] = [
  [
    'no anchor fixes the opening',
    'LEDGER_NOT_RECONCILED',
    `USD 00:00 to 01:00
     00:10 a interest: USD 1`,
  ],
  [
    'the entry price of a position that was closed before the first anchor',
    'LEDGER_NOT_RECONCILED',
    `USDT 00:00 to 01:00
     PERP is linear BTC USDT USDT size 1
     00:10 a fill: PERP -1 @ 110
     anchor 01:00: USDT 100`,
  ],
  [
    'the same where two instruments may have earned the posted profit',
    'LEDGER_NOT_RECONCILED',
    `USDT 00:00 to 01:00
     PERP is linear BTC USDT USDT size 1 posted
     PREP is linear ETH USDT USDT size 1 posted
     00:10 a fill: PERP -1 @ 110
     00:10 b fill: PREP -1 @ 110
     00:10 c realised: USDT 10
     anchor 01:00: USDT 100, PREP -1 @ 110`,
  ],
  [
    'a split that leaves no finite number of shares before it',
    'LEDGER_NOT_RECONCILED',
    `USD 00:00 to 01:00
     ACME is equity ACME USD USD
     00:10 a split: ACME x 3
     anchor 01:00: ACME 1 @ 1`,
  ],
  [
    'an entry before the window',
    'LEDGER_ENTRY_OUTSIDE_WINDOW',
    `USD 01:00 to 02:00
     00:59:59.999 a interest: USD 1
     anchor 02:00: USD 1`,
  ],
  [
    'an anchor before the window',
    'LEDGER_ENTRY_OUTSIDE_WINDOW',
    `USD 01:00 to 02:00
     anchor 00:59: USD 1`,
  ],
  [
    'two entries that share an id and differ',
    'LEDGER_ENTRY_CONFLICT',
    `USD 00:00 to 01:00
     00:10 a interest: USD 1
     00:10 a interest: USD 2
     anchor 01:00: USD 3`,
  ],
  [
    'two prices of one asset at one instant',
    'LEDGER_ENTRY_CONFLICT',
    `USD 00:00 to 01:00
     anchor 01:00: BTC 1
     price BTC: 01:00 1, 01:00 2`,
  ],
  [
    'two marks of one instrument at one instant',
    'LEDGER_ENTRY_CONFLICT',
    `USD 00:00 to 01:00
     PERP is linear BTC USD USD size 1
     anchor 01:00: USD 1
     mark PERP: 01:00 1, 01:00 2`,
  ],
  [
    'an anchor that lists a position twice',
    'LEDGER_MALFORMED',
    `USD 00:00 to 01:00
     PERP is linear BTC USD USD size 1
     anchor 01:00: PERP 1 @ 1, PERP 1 @ 2`,
  ],
  [
    'a margined contract that crosses the perimeter',
    'LEDGER_MALFORMED',
    `USD 00:00 to 01:00
     PERP is linear BTC USD USD size 1
     00:10 a flow: PERP 1 @ 1
     anchor 01:00: PERP 1 @ 1`,
  ],
  [
    'a window that does not begin at a full hour',
    'LEDGER_MALFORMED',
    `USD 00:30 to 01:30
     anchor 01:30: USD 1`,
  ],
  [
    'a window of no time',
    'LEDGER_MALFORMED',
    `USD 01:00 to 01:00
     anchor 01:00: USD 1`,
  ],
];

describe('accepts, at its edges', () => {
  test('20,000 entries in one millisecond', () => {
    const fees = Array.from({ length: 20_000 }, (_, index) => `00:10 f${index} fee: USD -0.01`);
    const flows = Array.from({ length: 200 }, (_, index) => `00:10 d${index} flow: USD 1`);
    const text = ['USD 00:00 to 01:00', 'anchor 00:00: USD 1000', ...fees, ...flows].join('\n');
    const [line] = hoursToText(reportOf(text));
    expect(line).toBe('00:00 measured 1000 -> 1000 flow 200 pnl -200 return -0.166666666666666667');
  });

  test('another policy of dust', () => {
    const text = 'USD 00:00 to 01:00\n00:10 a interest: USD 1\n anchor 00:00: USD 5';
    const document = parseLedgerDocument(ledgerFromText(text));
    const policy = { ...policyFor('USD'), dustEquity: parseDecimal('5') };
    expect(hoursToText(computeHours(document, { policy }))[0]).toContain('measured');
    expect(hoursToText(computeHours(document))[0]).toContain('dust');
  });

  test.each([
    ['USD', '10'],
    ['BTC', '0.0001'],
    ['KRW', '0.0001'],
  ])('dust in %s is below %s', (currency, dust) => {
    expect(policyFor(currency).dustEquity).toEqual(parseDecimal(dust));
  });
});

describe('refuses', () => {
  test.each(refusals)('%s: %s', (_name, code, text) => {
    expect(() => reportOf(text)).toThrow(expect.objectContaining({ code }));
  });

  test('an opening of another instant: LEDGER_MALFORMED', () => {
    const document = parseLedgerDocument(
      ledgerFromText('USD 00:00 to 01:00\n anchor 01:00: USD 100'),
    );
    const { closing } = computeHours(document);
    const opened = (): unknown => computeHours(document, { opening: closing });
    expect(opened).toThrow(expect.objectContaining({ code: 'LEDGER_MALFORMED' }));
  });
});
