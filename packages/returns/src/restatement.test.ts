// An hour that is computed again after the ledger has changed: what it says differently, and why.

import { describe, expect, test } from '@jest/globals';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { computeHours } from './index.ts';
import { type Computation, type Restatement, restatements } from './restatement.ts';

const LEDGER = `
  USD 00:00 to 03:00
  anchor 00:00: USD 1000, BTC 1
  00:10 a fill: BTC 1, USD -100, USD -1 fee
  01:30 b funding: USD -2
  price BTC: 00:00 100, 01:00 100, 02:00 110, 03:00 120`;

function computed(text: string): Computation {
  const document = parseLedgerDocument(ledgerFromText(text));
  return { document, report: computeHours(document) };
}

/** `01:00 return, pnl: entry c added`, the members in the order of their names. */
function told(before: string, after: string): string[] {
  return restatements(computed(before), computed(after)).map(toText);
}

function toText({ hour, changed, because }: Restatement): string {
  const causes = because.map(({ what, how, name }) => [what, name, how].filter(Boolean).join(' '));
  return `${hour.slice(11, 16)} ${Object.keys(changed).sort().join(' ')}: ${causes.join(', ')}`;
}

describe('accepts', () => {
  test.each<[string, string, string[]]>([
    [
      'a late entry: its hour, and those that begin with what it left',
      `${LEDGER}\n 01:40 c dividend: USD 50`,
      [
        '01:00 balances income navClose pnl return: entry c added',
        '02:00 balances navClose navOpen return: another_hour',
      ],
    ],
    [
      'an entry that is told differently',
      LEDGER.replace('USD -2', 'USD -3'),
      [
        '01:00 balances funding navClose pnl return: entry b corrected',
        '02:00 balances navClose navOpen return: another_hour',
      ],
    ],
    [
      'one that is no more, and one that moved to another hour',
      LEDGER.replace(/01:30 b/, '02:30 b'),
      [
        '01:00 balances funding navClose pnl return: entry b corrected',
        '02:00 funding navOpen pnl return: entry b corrected',
      ],
    ],
    [
      'one that is taken back',
      LEDGER.replace(/01:30 b.*/, ''),
      [
        '01:00 balances funding navClose pnl return: entry b removed',
        '02:00 balances navClose navOpen return: another_hour',
      ],
    ],
    [
      'a corrected price belongs to the hour it closes and the one it opens',
      LEDGER.replace('02:00 110', '02:00 115'),
      [
        '01:00 navClose pnl return unrealised: price BTC/USD 2026-01-05T02:00:00Z corrected',
        '02:00 navOpen pnl return unrealised: price BTC/USD 2026-01-05T02:00:00Z corrected',
      ],
    ],
    ['an anchor that was met is no news', `${LEDGER}\n anchor 01:00: USD 899, BTC 2`, []],
    [
      'an anchor that was missed',
      `${LEDGER.replace('00:00: USD 1000', '03:00: USD 897').replace('BTC 1\n', 'BTC 2\n')}
       anchor 02:00: USD 997, BTC 2`,
      [
        '00:00 reason return status: anchor 2026-01-05T00:00:00Z removed',
        '01:00 reason residual residualValue return status: anchor 2026-01-05T02:00:00Z added',
        '02:00 reason return status: ' +
          'anchor 2026-01-05T02:00:00Z added, anchor 2026-01-05T03:00:00Z added',
      ],
    ],
    [
      'the same in other words',
      LEDGER.replace('USD -2', 'USD -2.00').replace('BTC 1, USD -100', 'USD -100, BTC 1.0'),
      [],
    ],
    [
      'an entry at the full hour changes the next one only, and other words change nothing',
      `${LEDGER.replace('BTC 1, USD -100, USD -1 fee', 'USD -1 fee, USD -100, BTC 1.0')}
       00:20 c dividend: USD 50
       01:00 d dividend: USD 50`,
      [
        '00:00 balances income navClose pnl return: entry c added',
        '01:00 balances income navClose navOpen pnl return: entry d added',
        '02:00 balances navClose navOpen return: another_hour',
      ],
    ],
    ['the same', LEDGER, []],
  ])('%s', (_name, after, expected) => {
    expect(told(LEDGER, after)).toEqual(expected);
  });

  test('a fee and a payment of one amount, in another order', () => {
    const before = LEDGER.replace('USD -1 fee', 'USD -1 fee, USD -1');
    const after = LEDGER.replace('USD -1 fee', 'USD -1, USD -1 fee');
    expect(told(before, `${after}\n 00:20 c dividend: USD 50`)[0]).toBe(
      '00:00 balances income navClose pnl return: entry c added',
    );
  });

  test('what each member was and is', () => {
    const [first] = restatements(computed(LEDGER), computed(LEDGER.replace('USD -2', 'USD -3')));
    expect(first?.changed).toMatchObject({
      funding: { before: '-2', after: '-3' },
      navClose: { before: '1117', after: '1116' },
      balances: { before: { BTC: '2', USD: '897' }, after: { BTC: '2', USD: '896' } },
    });
  });

  test('an hour that only one of them has is no change', () => {
    const shorter = LEDGER.replace('to 03:00', 'to 02:00');
    expect(told(shorter, LEDGER)).toEqual([]);
    expect(told(LEDGER, shorter)).toEqual([]);
  });

  test('a mark', () => {
    const marked = (price: string): string => `
      USD 00:00 to 01:00
      PERP is linear BTC USD USD size 1
      anchor 00:00: USD 100, PERP 1 @ 10
      mark PERP: 00:00 10, 01:00 ${price}`;
    expect(told(marked('11'), marked('12'))).toEqual([
      '00:00 navClose pnl return unrealised: mark PERP 2026-01-05T01:00:00Z corrected',
    ]);
  });
});
