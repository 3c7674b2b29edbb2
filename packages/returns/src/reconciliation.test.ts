// What anchors prove: text ledgers in which the venue shows something else than the entries
// explain. Rules: returns.md 2.1; which anchor fixes the opening: FORMATS.md.

import { describe, expect, test } from '@jest/globals';
import { replayBackward } from '@track-record/ledger';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { hoursToText, ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { computeHours, type HoursReport } from './index.ts';

const backwards: Record<string, string> = {
  'the last anchor fixes the opening, the earlier ones are met': `
    USD 00:00 to 02:00
    00:10 a interest: USD 1
    anchor 00:30: USD 101
    01:10 b interest: USD 2
    anchor 02:00: USD 103
    ---
    00:00 measured 100 -> 101 flow 0 pnl 1 return 0.01
    01:00 measured 101 -> 103 flow 0 pnl 2 return 0.019801980198019802`,

  'between the anchors that are met nobody knows which hour lacks the entry': `
    USD 00:00 to 06:00
    anchor 00:00: USD 151
    anchor 01:00: USD 151
    anchor 02:30: USD 101
    02:40 a interest: USD 1
    anchor 04:00: USD 152
    anchor 06:00: USD 152
    ---
    00:00 measured 151 -> 151 flow 0 pnl 0 return 0
    01:00 quarantined 151 -> 151 flow 0 pnl 0 return residual_above_bound
    02:00 quarantined 151 -> 152 flow 0 pnl 1 return residual_above_bound
    03:00 quarantined 152 -> 152 flow 0 pnl 0 return residual_above_bound
    04:00 measured 152 -> 152 flow 0 pnl 0 return 0
    05:00 measured 152 -> 152 flow 0 pnl 0 return 0`,

  'what no entry explains is never profit, and before it nothing is said': `
    USD 00:00 to 04:00
    anchor 00:00: USD 100
    anchor 01:00: USD 100
    01:10 a interest: USD 1
    anchor 02:30: USD 151
    anchor 04:00: USD 151
    ---
    00:00 quarantined 150 -> 150 flow 0 pnl 0 return residual_above_bound
    01:00 quarantined 150 -> 151 flow 0 pnl 1 return residual_above_bound
    02:00 quarantined 151 -> 151 flow 0 pnl 0 return residual_above_bound
    03:00 measured 151 -> 151 flow 0 pnl 0 return 0`,

  'a small residual is disclosed and left out of the return': `
    USD 00:00 to 01:00
    anchor 00:00: USD 999.5
    00:10 a interest: USD 10
    anchor 01:00: USD 1010
    ---
    00:00 measured 1000 -> 1010 flow 0 pnl 10 return 0.01`,

  'one unit of currency is within the bound': `
    USD 00:00 to 01:00
    anchor 00:00: USD 999
    anchor 01:00: USD 1000
    ---
    00:00 measured 1000 -> 1000 flow 0 pnl 0 return 0`,

  'a little more is not': `
    USD 00:00 to 01:00
    anchor 00:00: USD 998.99
    anchor 01:00: USD 1000
    ---
    00:00 quarantined 1000 -> 1000 flow 0 pnl 0 return residual_above_bound`,

  'so is a ten-thousandth of the equity': `
    USD 00:00 to 01:00
    anchor 00:00: USD 99990
    anchor 01:00: USD 100000
    ---
    00:00 measured 100000 -> 100000 flow 0 pnl 0 return 0`,

  'and a little more of it': `
    USD 00:00 to 01:00
    anchor 00:00: USD 99989.99
    anchor 01:00: USD 100000
    ---
    00:00 quarantined 100000 -> 100000 flow 0 pnl 0 return residual_above_bound`,

  'what is owed counts like what is held': `
    USD 00:00 to 01:00
    anchor 00:00: USD -100010
    anchor 01:00: USD -100000
    ---
    00:00 no_capital -100000 -> -100000 flow 0 pnl 0 return equity_not_positive`,

  'what no price tells the size of is above any bound': `
    USD 00:00 to 01:00
    anchor 00:00: USD 1000, ODD 0.0001
    anchor 01:00: USD 1000
    ---
    00:00 quarantined 1000 -> 1000 flow 0 pnl 0 return residual_above_bound`,

  'a missing fill is found even if its value nets to nothing': `
    USD 00:00 to 01:00
    anchor 00:00: USD 1000
    anchor 01:00: USD 900, BTC 1
    price BTC: 00:00 100, 01:00 100
    ---
    00:00 quarantined 1000 -> 1000 flow 0 pnl 0 return residual_above_bound`,

  'the last anchor may lie after the window': `
    USD 00:00 to 01:00
    anchor 00:00: USD 1000
    01:01 a interest: USD 1
    anchor 01:02: USD 1051
    ---
    00:00 quarantined 1050 -> 1050 flow 0 pnl 0 return residual_above_bound`,

  'with all that happened before it': `
    USD 00:00 to 01:00
    anchor 00:00: USD 1000
    01:01 a interest: USD 1
    01:01:30 b interest: USD 2
    anchor 01:02: USD 1003
    01:03 c interest: USD -2
    anchor 01:04: USD 1001
    ---
    00:00 measured 1000 -> 1000 flow 0 pnl 0 return 0`,

  'and another one before it is checked there': `
    USD 00:00 to 01:00
    anchor 00:00: USD 1000
    01:01 a interest: USD 1
    anchor 01:02: USD 951
    01:03 b interest: USD 1
    anchor 01:04: USD 1002
    ---
    00:00 quarantined 1000 -> 1000 flow 0 pnl 0 return residual_above_bound`,

  'an earlier anchor tells what a position cost that was closed later': `
    USDT 00:00 to 02:00
    PERP is linear BTC USDT USDT size 1
    00:10 a fill: PERP 1 @ 120
    anchor 00:30: USDT 1000, PERP 3 @ 110
    01:10 b fill: PERP -3 @ 130
    anchor 02:00: USDT 1060
    mark PERP: 00:00 110, 01:00 125
    ---
    00:00 measured 1010 -> 1045 flow 0 pnl 35 return 0.034653465346534653
    01:00 measured 1045 -> 1060 flow 0 pnl 15 return 0.014354066985645933`,

  'an opening below zero that no anchor shows proves a missing deposit': `
    USD 00:00 to 02:00
    00:10 a fill: BTC 1, USD -100
    01:10 b fill: BTC -1, USD 100
    01:20 c flow: USD 500
    anchor 02:00: USD 450
    price BTC: 01:00 100
    ---
    00:00 quarantined -50 -> -50 flow 0 pnl 0 return balance_below_zero
    01:00 quarantined -50 -> 450 flow 500 pnl 0 return balance_below_zero`,

  'an entry price that no fill explains': `
    USDT 00:00 to 01:00
    PERP is linear BTC USDT USDT size 1
    anchor 00:00: USDT 1000, PERP 1 @ 100
    anchor 01:00: USDT 1000, PERP 1 @ 90
    mark PERP: 00:00 100, 01:00 100
    ---
    00:00 quarantined 1010 -> 1010 flow 0 pnl 0 return residual_above_bound`,
};

/** With a given opening every anchor is met forwards: what is unexplained is booked and told. */
const continued: Record<string, string> = {
  'above the bound nothing is said since the anchor before': `
    USD 00:00 to 03:00
    opening: USD 100
    anchor 01:00: USD 100
    01:10 a interest: USD 1
    anchor 02:30: USD 151
    anchor 03:00: USD 151
    ---
    00:00 measured 100 -> 100 flow 0 pnl 0 return 0
    01:00 quarantined 100 -> 101 flow 0 pnl 1 return residual_above_bound
    02:00 quarantined 101 -> 151 flow 0 pnl 0 return residual_above_bound`,

  'an opening that the first anchor contradicts': `
    USD 00:00 to 02:00
    opening: USD 100
    anchor 00:00: USD 150
    ---
    00:00 quarantined 100 -> 150 flow 0 pnl 0 return residual_above_bound
    01:00 measured 150 -> 150 flow 0 pnl 0 return 0`,

  'a small residual is disclosed and left out of the return': `
    USD 00:00 to 01:00
    opening: USD 1000
    00:10 a interest: USD 10
    anchor 01:00: USD 1010.5
    ---
    00:00 measured 1000 -> 1010.5 flow 0 pnl 10 return 0.01`,

  'an anchor after the window is checked too': `
    USD 00:00 to 01:00
    opening: USD 1000
    01:01 a interest: USD 1
    anchor 01:02: USD 1051
    ---
    00:00 quarantined 1000 -> 1050 flow 0 pnl 0 return residual_above_bound`,

  'what is unexplained after the window is told once': `
    USD 00:00 to 01:00
    opening: USD 1000
    01:01 a interest: USD 1
    anchor 01:02: USD 1051
    anchor 01:03: USD 1051
    ---
    00:00 quarantined 1000 -> 1050 flow 0 pnl 0 return residual_above_bound`,

  'an entry price that no fill explains': `
    USDT 00:00 to 01:00
    PERP is linear BTC USDT USDT size 1
    opening: USDT 1000, PERP 1 @ 100
    anchor 01:00: USDT 1000, PERP 1 @ 90
    mark PERP: 00:00 100, 01:00 100
    ---
    00:00 quarantined 1000 -> 1010 flow 0 pnl 0 return residual_above_bound`,

  'no anchor at all': `
    USD 00:00 to 01:00
    opening: USD 1000
    00:10 a interest: USD 1
    ---
    00:00 measured 1000 -> 1001 flow 0 pnl 1 return 0.001`,
};

describe.each([
  ['without an opening', backwards],
  ['with an opening', continued],
])('accepts: %s', (_name, cases) => {
  test.each(Object.entries(cases))('%s', (_case, text) => {
    const [ledger = '', rule = ''] = text.split('---');
    const expected = rule.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
    expect(hoursToText(reportOf(ledger))).toEqual(expected);
  });
});

describe('holds', () => {
  test('of two anchors of one instant the same one fixes the opening, in whatever order', () => {
    const { anchors, ...rest } = ledgerFromText(
      'USD 00:00 to 01:00\nanchor 01:00: USD 7\nanchor 01:00: USD 5\nanchor 01:00: USD 6',
    );
    const told = [anchors, anchors.toReversed(), [...anchors.slice(1), ...anchors.slice(0, 1)]].map(
      (list) => hoursToText(computeHours(parseLedgerDocument({ ...rest, anchors: list }))),
    );
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });
});

/** An `opening` line is the state at 00:00 as the worker would give it. */
function reportOf(text: string): HoursReport {
  const opening = /^ *opening: (.*)$/m.exec(text);
  if (opening === null) return computeHours(parseLedgerDocument(ledgerFromText(text)));
  const start = text
    .replace(/^ *anchor .*$/gm, '')
    .replace(opening[0], `anchor 00:00: ${opening[1]}`);
  const known = parseLedgerDocument(ledgerFromText(start));
  const document = parseLedgerDocument(ledgerFromText(text.replace(opening[0], '')));
  return computeHours(document, { opening: replayBackward(known, []) });
}
