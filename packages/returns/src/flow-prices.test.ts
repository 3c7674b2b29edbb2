// Flows whose instant has no price, at the edges: how old a price may be, how large a flow, and
// what an approximated hour may say. Each case is the ledger and, below the rule, what the hour
// must say.

import { describe, expect, test } from '@jest/globals';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { hoursToText, ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { computeHours } from './index.ts';

const cases: Record<string, string> = {
  'a minute candle is the price for a minute': `
    USD 00:00 to 01:00
    00:30 d flow: USD 100
    anchor 01:00: BTC 1, USD 100
    price BTC: 00:00 100, 00:29 110, 01:00 121
    ---
    00:00 measured 100 -> 221 flow 100 pnl 21 return 0.157619047619047619`,

  'and no millisecond longer': `
    USD 00:00 to 01:00
    00:30:00.001 d flow: USD 100
    anchor 01:00: BTC 1, USD 100
    price BTC: 00:00 100, 00:29 110, 01:00 121
    ---
    00:00 flow_unvalued 100 -> 221 flow 100 pnl 21 return large_flow_without_price`,

  'a flow of what never has a price': `
    USD 00:00 to 01:00
    00:10 a flow: ODD 1
    00:20 b flow: ODD -1
    anchor 01:00: USD 100
    ---
    00:00 flow_unvalued 100 -> 100 flow null pnl null return large_flow_without_price`,

  'a large outflow is large too': `
    USD 00:00 to 01:00
    00:20 d flow: USD -10
    anchor 00:00: BTC 1, USD 50
    price BTC: 00:00 50, 01:00 60
    ---
    00:00 flow_unvalued 100 -> 100 flow -10 pnl 10 return large_flow_without_price`,

  'a small flow without prices, into just enough to be measured': `
    USD 00:00 to 01:00
    00:30 d flow: USD 0.5
    anchor 00:00: BTC 1
    price BTC: 00:00 10, 01:00 20.5
    ---
    00:00 measured 10 -> 21 flow 0.5 pnl 10.5 return 1.024390243902439024`,

  'into too little': `
    USD 00:00 to 01:00
    00:30 d flow: USD 0.5
    anchor 00:00: BTC 1
    price BTC: 00:00 9.99, 01:00 20
    ---
    00:00 dust 9.99 -> 20.5 flow 0.5 pnl 10.01 return equity_below_minimum`,

  'and where exactly all of it is lost': `
    USD 00:00 to 01:00
    PERP is linear BTC USD USD size 1
    00:30 d flow: USD 1
    anchor 00:00: USD 50, PERP 1 @ 100
    mark PERP: 00:00 150, 01:00 49.5
    ---
    00:00 ruined 100 -> 0.5 flow 1 pnl -100.5 return -1`,
};

describe('accepts', () => {
  test.each(Object.entries(cases))('%s', (_name, text) => {
    const [ledger = '', expected = ''] = text.split('---');
    const hours = computeHours(parseLedgerDocument(ledgerFromText(ledger)));
    expect(hoursToText(hours)).toEqual([expected.trim()]);
  });
});
