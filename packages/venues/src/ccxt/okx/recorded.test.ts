// Recorded and documented payloads of OKX through the real client: every entry against its payload,
// digit for digit. The files are read from VECTORS_DIR and never copied; their origin stands in
// exchanges/MANIFEST.md beside them.

import { expect, test } from '@jest/globals';
import { formatDecimal } from '@track-record/ledger';
import { lineOf, recordedPayloads, type Feed } from '../../../../testkit/src/recorded-payloads.ts';

const { describeVectors, read } = recordedPayloads('okx');

describeVectors('accepts', () => {
  test.each<[string, Feed, readonly string[]]>([
    [
      'fetchLedger.bills-archive',
      'ledger',
      [
        'spot-trade.BTC-USDT.586760148 1695033476167 fill USDT 0.0219557790000000, ' +
          'USDT -0.000021955779 fee',
      ],
    ],
    ['fetchLedger.asset-bills', 'transfers', ['funding-bill.12344 1597026383085 flow BTC 2']],
    [
      'fetchMyTrades',
      'fills',
      [
        'spot-trade.BTC-USDT.744876980 1708587373362 fill BTC 0.00192834, USDT -99.99985572, ' +
          'BTC -0.00000192834 fee',
      ],
    ],
    [
      'fetchDeposits',
      'deposits',
      ['deposit.fee235b3e812********857d36bb0426917f0df1802 1674038705000 flow USDT 1'],
    ],
    [
      'fetchDeposits.recorded',
      'deposits',
      [
        'deposit.0xfd12f8850218dc9d1d706c2dbd6c38f495988109c220bf8833255697b85c92db ' +
          '1669963555000 flow USDT 2500.180327',
        'deposit.0xcea993d53b2c1f79430a003fb8facb5cd6b83b6cb6a502b6233d83eb338ba8ba ' +
          '1669405596000 flow USDC 990.795352',
      ],
    ],
    [
      'fetchWithdrawals',
      'withdrawals',
      [
        'withdrawal.15447421.0x35c******b360a174d.fee 1655251200000 fee ETH -0.007 fee',
        'withdrawal.15447421.0x35c******b360a174d 1655251200000 flow ETH -0.029809',
      ],
    ],
  ])('%s', async (name, feed, lines) => {
    const { entries = [] } = await read(feed, name);
    expect(entries.map(lineOf)).toEqual(lines);
  });

  test('both withdrawals of one recorded account, which share an id', async () => {
    const { entries = [] } = await read('withdrawals', 'fetchWithdrawals.recorded');
    expect(entries.map(({ kind, postings }) => [kind, postings[0]?.asset])).toEqual([
      ['fee', 'SOL'],
      ['flow', 'SOL'],
      ['fee', 'USDT'],
      ['flow', 'USDT'],
    ]);
  });

  test.each([
    // Cash, not equity: the payload's `eq` has unrealised profit in it.
    ['fetchBalance', 'USDT 4850.435693622894'],
    ['fetchBalance.recorded', 'SOL 299.9920000068,XMR 0.027846,USDT 0.00000065312'],
    ['fetchBalance.funding', 'ETH 37.11827078'],
  ])('%s', async (name, lines) => {
    const { balances = new Map() } = await read('balances', name);
    const told = [...balances].map(([asset, amount]) => `${asset} ${formatDecimal(amount)}`);
    expect(told.join(',')).toBe(lines);
  });

  test('fetchPositions.recorded', async () => {
    const { positions = [] } = await read('positions', 'fetchPositions.recorded');
    expect(positions.map(({ instrument }) => instrument)).toEqual(['BTC/USDT:USDT']);
    expect(positions.map(({ contracts }) => formatDecimal(contracts))).toEqual(['0.5']);
  });

  test('fetchOHLCV repeats an instant: it has one price', async () => {
    const { prices = [] } = await read('candles', 'fetchOHLCV', 'BTC/USDT');
    expect(prices.map(({ price }) => formatDecimal(price))).toEqual(['3.72']);
  });

  test('account.config: a key that may trade and withdraw, bound to addresses', async () => {
    const { permissions } = await read('permissions', 'account.config');
    expect(permissions).toEqual({ read: true, trade: true, withdraw: true, ipRestricted: true });
  });
});
