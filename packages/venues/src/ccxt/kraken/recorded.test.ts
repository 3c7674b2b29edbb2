// Recorded and documented payloads of Kraken through the real client: every entry against its
// payload, digit for digit. The files are read from VECTORS_DIR and never copied; their origin
// stands in exchanges/MANIFEST.md beside them. Some are the `result` of an answer alone.

import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { formatDecimal } from '@track-record/ledger';
import type { PayloadAnswer } from '../../payload.ts';
import { assetOf } from './assets.ts';
import { lineOf, recordedPayloads, type Feed } from '../../../../testkit/src/recorded-payloads.ts';

const { describeVectors, read, readBody, bodyOf } = recordedPayloads('kraken');

async function readRow(row: Readonly<Record<string, string>>): Promise<PayloadAnswer> {
  const fields = { refid: 'R1', time: 1_688_464_484.1787, asset: 'XXBT', fee: '0', balance: '2' };
  const ledger = { L1: { ...fields, aclass: 'currency', amount: '1', ...row } };
  return await readBody('ledger', JSON.stringify({ error: [], result: { ledger, count: 1 } }));
}

type Named = Readonly<Record<string, Readonly<Record<string, string>>>>;

function parseResult(text: string): Named {
  return (JSON.parse(text) as { readonly result: Named }).result;
}

describeVectors('accepts', () => {
  test.each<[string, Feed, readonly string[]]>([
    [
      'fetchLedger',
      'ledger',
      [
        'fill.TJKLXF-PGMUI-4NTLXU 1688464484178 fill GBP -24.5000, GBP -0.0490 fee',
        'fill.TBZIP2-F6QOU-TMB6FY 1688444262888 fill USD 0.9852, USD -0.0010 fee',
      ],
    ],
    [
      'fetchLedger.2',
      'ledger',
      [
        'adjustment.LDVXGZ-2FJSK-FJWOGJ 1549990357125 adjustment ICN -350.0000000000',
        'flow.LQY6IE-WNT47-JRBOJV 1391400160067 flow BTC 0.1000000000',
        'flow.LWL3TV-BC7TE-EUZ5ZQ.fee 1389073995088 fee LTC -0.0200000000 fee',
        'flow.LWL3TV-BC7TE-EUZ5ZQ 1389073995088 flow LTC -15.9857300000',
        // Both legs of one trade, at the instant of the first.
        'fill.TY5BYV-WJUQF-XPYEYD 1389071942231 fill LTC 16.0378100000, ' +
          'LTC -0.0320800000 fee, BTC -0.5000000000',
        'flow.LE6MUP-7QBUT-GSQYZY 1388739905037 flow BTC 0.5000000000',
        'settlement.L23XKW-ZZHEP-FJINZ3 1388739905037 settlement ETH 0.5000000000',
        'reward.LKEGD3-PO6FF-3CCK7Z 1388739925037 reward XTZ 0.01847200',
      ],
    ],
    [
      'ledger.rotki.general.result-only',
      'ledger',
      [
        'flow.0.fee 1439994442000 fee ETH -0.0035000000 fee',
        'flow.0 1439994442000 flow ETH -1.0000000000',
        'flow.L12382343925 1458994442000 flow BTC 5.0',
        'flow.L12382343926 1448994442000 flow ETH 10.0000',
        // An asset that nobody knows is an asset of its own.
        'flow.L12382343927 1408994442000 flow IDONTEXISTEITHER 10',
        'flow.L12382343965.fee 1428994442000 fee BTC -0.1 fee',
        'flow.L12382343965 1428994442000 flow BTC -5.0',
        'flow.L12382343966.fee 1439994442000 fee ETH -1.7500 fee',
        'flow.L12382343966 1439994442000 flow ETH -10.0000',
        'flow.L12382343967.fee 1408994442000 fee IDONTEXISTEITHER -0.11 fee',
        'flow.L12382343967 1408994442000 flow IDONTEXISTEITHER -10',
        'fill.AOEXXV-61T63-AKPSJ0 1609950165448 fill KFEE -0.11 fee, EUR 50, ' +
          'EUR -0.4429 fee, ETH -0.1',
        'fill.1 1458994442063 fill BTC 1, EUR -100, EUR -0.1 fee',
        'flow.L12382343902.fee 1458994441396 fee EUR -1.7500 fee',
        'flow.L12382343902 1458994441396 flow EUR 4000000.0000',
      ],
    ],
    [
      'ledger.rotki.deposits.result-only',
      'ledger',
      [
        'flow.1.fee 1458994442000 fee BTC -0.1 fee',
        'flow.1 1458994442000 flow BTC 5.0',
        'flow.2.fee 1448994442000 fee ETH -0.11 fee',
        'flow.2 1448994442000 flow ETH 10.0',
        'flow.3.fee 1438994442000 fee IDONTEXIST -0.11 fee',
        'flow.3 1438994442000 flow IDONTEXIST 10.0',
      ],
    ],
    [
      'ledger.rotki.withdrawals.result-only',
      'ledger',
      [
        'flow.4.fee 1428994442000 fee BTC -0.1 fee',
        'flow.4 1428994442000 flow BTC 5.0',
        'flow.5.fee 1439994442000 fee ETH -0.11 fee',
        'flow.5 1439994442000 flow ETH 10.0',
        'flow.6.fee 1408994442000 fee IDONTEXISTEITHER -0.11 fee',
        'flow.6 1408994442000 flow IDONTEXISTEITHER 10.0',
      ],
    ],
    [
      'ledger.rotki.spend-receive.result-only',
      'ledger',
      [
        'conversion.1 1636406000855 conversion ETH 1, ETH -0.000123 fee, EUR -100, ' +
          'EUR -0.4500 fee',
      ],
    ],
    [
      'ledger.rotki.tokenized-asset.result-only',
      'ledger',
      [
        // A token that is named like a coin is not that coin.
        'conversion.TOKTRADE1 1736246000123 conversion XXBT.T -3.71, EUR 285.5964, ' +
          'USD -332.9550, USD 332.9550',
      ],
    ],
    [
      'ledger.rotki.adjustment.result-only',
      'ledger',
      [
        'adjustment.L1 1636406000855 adjustment DAO -0.0008854800',
        'adjustment.L2 1636406000865 adjustment ETH 0.0000088548',
      ],
    ],
    [
      'ledger.rotki.failed-withdrawals.result-only',
      'ledger',
      [
        'flow.W1.fee 1636406000855 fee EUR -1.0 fee',
        'flow.W1 1636406000855 flow EUR -1000.0',
        'flow.W2.fee 1636508000855 fee EUR 1.0 fee',
        'flow.W2 1636508000855 flow EUR 1000',
      ],
    ],
    [
      'ledger.rotki.staking.result-only',
      'ledger',
      [
        'reward.WWW 1640493376400 reward XTZ 0.0000100000',
        'reward.AAA 1640493374400 reward ETH 0.0000538620',
        // Staking moves nothing out of the account.
        'transfer.BBB 1636740198967 transfer ETH 0.0600000000, ETH -0.0600000000',
        'transfer.CCC 1636738550756 transfer ETH -0.0600000000, ETH 0.0600000000',
        'flow.L12382343902.fee 1458994441396 fee EUR -1.7500 fee',
        'flow.L12382343902 1458994441396 flow EUR 4000000.0000',
        'reward.DDD 1628994441400 reward ETH 12',
      ],
    ],
    [
      'ledger.rotki.margin-rollover-settled.result-only',
      'ledger',
      [
        'realised.xyz1.fee 1636738100000 fee EUR -0.0710 fee',
        'realised.xyz1 1636738100000 realised EUR 1.0000',
        'interest.x2.fee 1636738200000 fee ETH -0.0003987600 fee',
        'settlement.x3.fee 1636738300000 fee ETH -0.0710 fee',
        'settlement.x3 1636738300000 settlement ETH -0.123',
      ],
    ],
    [
      'fetchMyTrades',
      'fills',
      [
        'fill.THVRQM-33VKH-UCI7BS 1688667796880 fill BTC 0.02000000, USD -600.20000',
        'fill.TCWJEG-FL4SZ-3FKGH6 1688667769639 fill BTC 0.01000000, USD -300.10000',
      ],
    ],
    [
      'fetchMyTrades.2',
      'fills',
      [
        'fill.TCCCTY-WJ6EO-4FP4VZ 1688585840892 fill BTC 0.50000000, USDT -14750.25, ' +
          'USDT -23.60 fee',
        'fill.TDCVFQ-TPEG4-6X7LSZ 1688586440345 fill ETH -1.00000000, USDT 1799.75, USDT -3.60 fee',
      ],
    ],
    [
      'fetchMyTrades.3',
      'fills',
      [
        'fill.TY5BYV-WJUQF-XPYEYD-1 1389071942208 fill LTC -0.50000000, BTC 16.03781, ' +
          'BTC -0.03208 fee',
        'fill.TY5BYV-WJUQF-XPYEYD-2 1389071942208 fill BTC -0.50000000, USD 16.03781, ' +
          'USD -0.03208 fee',
        'fill.TY5BYV-WJUQF-XPYEYD-3 1389071942208 fill BTC -0.50000000, USD 16.03781, ' +
          'USD -0.03208 fee',
      ],
    ],
    [
      'fetchDeposits',
      'deposits',
      ['deposit.FTQcuak-V6Za8qrWnhzTx67yYHz8Tg 1688992722000 flow BTC 0.78125000'],
    ],
    ['fetchWithdrawals', 'withdrawals', []],
  ])('%s', async (name, feed, lines) => {
    const { entries = [] } = await read(feed, name);
    expect(entries.map(lineOf)).toEqual(lines);
  });

  test.each<[string, Feed, readonly string[]]>([
    ['fetchDeposits', 'deposits', ['pending']],
    ['fetchWithdrawals', 'withdrawals', ['pending', 'failed']],
  ])('%s: what has not happened', async (name, feed, reasons) => {
    const { ignored = [] } = await read(feed, name);
    expect(ignored.map(({ reason }) => reason)).toEqual(reasons);
  });

  test.each([
    ['fetchBalance.ex', 'USD 25435.21,BTC 1.2435'],
    // What is staked is counted with what it is staked of.
    [
      'balance',
      'USD 1384317.8938,EUR 504861.8946,BTC 1011.1908877900,ETH 1019.5356374330,' +
        'USDT 500000.00000000,DAI 9999.9999999999,DOT 2.5000000000',
    ],
  ])('%s', async (name, lines) => {
    const { balances = new Map() } = await read('balances', name);
    const told = [...balances].map(([asset, amount]) => `${asset} ${formatDecimal(amount)}`);
    expect(told.join(',')).toBe(lines);
  });

  test('fetchPositions: a dictionary of positions, without what is closed of them', async () => {
    const { positions = [] } = await read('positions', 'fetchPositions');
    expect(new Set(positions.map(({ instrument }) => instrument))).toEqual(
      new Set(['BTC/USD:USD']),
    );
    expect(positions.map(({ contracts }) => formatDecimal(contracts))).toEqual([
      '8.62212861',
      '8.00000000',
      '0.00000010',
      '0.00010000',
      '0.00089990',
    ]);
  });

  test('fetchOHLCV', async () => {
    const { prices = [] } = await read('candles', 'fetchOHLCV', 'BTC/USD');
    expect(prices.map(({ price }) => formatDecimal(price))).toEqual([
      '30305.7',
      '30300.0',
      '30291.4',
      '30295.0',
    ]);
  });

  test.each(['Assets', 'AssetPairs'])('%s: one asset, whichever of its names', async (name) => {
    const text = await bodyOf(`${name}.recorded.json`);
    for (const [code, row] of Object.entries(parseResult(text))) {
      const { altname = code, wsname, base = '', quote = '' } = row;
      if (name === 'Assets') expect(assetOf(code)).toBe(assetOf(altname));
      if (wsname === undefined) continue;
      const pair = wsname.split('/').map((each) => assetOf(each));
      expect([assetOf(base), assetOf(quote)]).toEqual(pair);
    }
  });

  test.each([
    ['transfer', 'spotfromstaking', 'transfer'],
    ['earn', 'migration', 'transfer'],
    ['earn', 'reward', 'reward'],
    // What came from the futures wallet, or was given, is no gain.
    ['transfer', 'spotfromfutures', 'flow'],
    ['transfer', '', 'flow'],
  ])('a row of %s %s is a %s', async (type, subtype, kind) => {
    const { entries = [] } = await readRow({ type, subtype });
    expect(entries.map((each) => each.kind)).toEqual([kind]);
  });

  test('GetApiKeyInfo: a key that may trade and withdraw, from anywhere', async () => {
    const { permissions } = await read('permissions', 'GetApiKeyInfo');
    expect(permissions).toEqual({ read: true, trade: true, withdraw: true, ipRestricted: false });
  });
});

describe('refuses', () => {
  test.each([
    ['a type that nobody knows', { type: 'lottery' }],
    ['a transfer that nobody knows', { type: 'transfer', subtype: 'spottomoon' }],
    ['a missing amount', { type: 'trade', amount: '' }],
    ['a time in milliseconds', { type: 'trade', time: '1688464484178' }],
  ])('%s', async (_name, row) => {
    await expect(readRow(row).catch(codeOf)).resolves.toBe('VENUE_UNEXPECTED_SHAPE');
  });
});
