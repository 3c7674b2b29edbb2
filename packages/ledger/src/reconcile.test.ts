// Which balances may be below zero. What a residual does to an hour is told in the room returns.

import { describe, expect, test } from '@jest/globals';
import { ledgerFromText } from '../../testkit/src/ledger-text.ts';
import { parseLedgerDocument } from './ledger-document.ts';
import { assetsThatMayBeOwed } from './reconcile.ts';

describe('accepts', () => {
  test.each([
    ['what the venue shows below zero', 'anchor 00:00: BTC -1, ETH 1', 'BTC'],
    ['nothing that it shows as nothing', 'anchor 00:00: BTC 0', ''],
    ['what interest is paid in', '00:10 i interest: BTC -1', 'BTC'],
    ['nothing that interest is earned in', '00:10 i interest: BTC 1', ''],
    ['nothing that no interest is paid in', '00:10 i interest: BTC 0', ''],
    ['what is converted into itself', '00:10 c conversion: BTC -1, BTC 1', 'BTC'],
    ['nothing that is converted into another', '00:10 c conversion: BTC -1, ETH 1', ''],
    ['nothing that is converted into nothing', '00:10 c conversion: BTC -1, BTC 0', ''],
    ['nor nothing into it', '00:10 c conversion: BTC 0, BTC 1', ''],
    ['nothing that a trade spends', '00:10 f fill: BTC -1, BTC 1', ''],
    ['what contracts settle in', 'P is linear BTC DAI USDT size 1', 'DAI USDT'],
    ['what shares are paid in, and the shares', 'ACME is equity ACME EUR EUR', 'ACME EUR'],
    ['either currency of a rate', 'EURJPY is fx EUR JPY JPY', 'EUR JPY'],
    ['nothing by a spot instrument', 'S is spot BTC USDT USDT', ''],
  ])('%s', (_name, line, owed) => {
    const document = parseLedgerDocument(ledgerFromText(`USD 00:00 to 01:00\n${line}`));
    expect([...assetsThatMayBeOwed(document, null)].sort().join(' ')).toBe(owed);
  });
});
