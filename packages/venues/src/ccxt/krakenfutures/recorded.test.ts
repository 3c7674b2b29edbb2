// Recorded and documented payloads of Kraken Futures through the real client: every entry against
// its payload, digit for digit. The files are read from VECTORS_DIR and never copied; their origin
// stands in exchanges/MANIFEST.md beside them. The rows of the log are the samples of
// docs.kraken.com, "Account log".

import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { formatDecimal, type Entry } from '@track-record/ledger';
import { postingLines, recordedPayloads } from '../../../../testkit/src/recorded-payloads.ts';

const { describeVectors, read, readBody } = recordedPayloads('krakenfutures');

function lineOf({ id, at, kind, postings, position }: Entry): string {
  const held =
    position === undefined
      ? []
      : [position.instrument, formatDecimal(position.contracts), formatDecimal(position.price)];
  return [id, at, kind, ...held, postingLines(postings).join(', ')].join(' ').trim();
}

/** A row of the log: what is not named is null. */
function logOf(...rows: readonly Readonly<Record<string, unknown>>[]): string {
  const nulls = { execution: null, realized_pnl: null, realized_funding: null, trade_price: null };
  const logs = rows.map((row, index) => ({
    id: 1688 + index,
    date: '2019-07-11T00:00:00.000Z',
    margin_account: 'f-bch:usd',
    ...nulls,
    ...row,
  }));
  return JSON.stringify({ accountUid: 'f7d5571c', logs });
}

describeVectors('accepts', () => {
  test.each<[string, readonly string[]]>([
    // Inverse: sizes are contracts, which ccxt leaves out; no fee is told, and none is guessed.
    [
      'fetchMyTrades',
      [
        'trade.3d57ed09-fbd6-44f1-8e8b-b10e551c5e73 1595425047077 fill BTC/USD:BTC 5490 9400',
        'trade.56b86ada-73b0-454d-a95a-e29e3e85b349 1595335312790 fill BTC/USD:BTC 5000 9456',
      ],
    ],
    // The fee that was paid, instead of ccxt's estimate.
    [
      'fetchMyTrades.2',
      [
        'trade.cad76f07-814e-4dc6-8478-7867407b6bff 1680882310739 fill BTC/USD:BTC 5000.0 ' +
          '27937.5 BTC -0.00008957 fee',
        'trade.b1aa44b2-4f2a-4031-999c-ae1175c91580 1680882645531 fill ETH/USD:ETH 5000.0 ' +
          '1764.65 ETH -0.00685589 fee',
        'trade.d3f4e5a6-b7c8-9d0e-1f2a-3b4c5d6e7f8a 1680882920123 fill BTC/USD:BTC -2500.0 ' +
          '28050.0 BTC -0.00004456 fee',
      ],
    ],
  ])('%s', async (name, lines) => {
    const { entries = [] } = await read('fills', name);
    expect(entries.map(lineOf)).toEqual(lines);
  });

  test.each([
    // Cash, margin account and multi-collateral wallet; positions in a margin account are no money.
    ['fetchBalance', 'BTC 282.7536667647,XRP 52465.1254,USD 5000,EUR 4540.5837374453'],
    [
      'accounts.rotki',
      'BCH 20.0369882804,ETH 4.7153945058,EUR 20000.0,GBP 3791.9006,LTC 104.3821723602,' +
        'USD 10076.53008268181,USDC 5000.65008452,USDT 5003.96313881,BTC 0.1574971479,' +
        'XRP 4427.7371164',
    ],
  ])('%s', async (name, lines) => {
    const { balances = new Map() } = await read('balances', name);
    const told = [...balances].map(([asset, amount]) => `${asset} ${formatDecimal(amount)}`);
    expect(told.join(',')).toBe(lines);
  });
});

describe('accepts', () => {
  test('funding, whose numbers have exponents', async () => {
    const row = {
      asset: 'bch',
      info: 'funding rate change',
      old_balance: 0.012_158_472_63,
      new_balance: 0.012_157_152_98,
      realized_funding: -1.319_65e-6,
    };
    const { entries = [] } = await readBody('ledger', logOf(row));
    expect(entries.map(lineOf)).toEqual(['log.1688 1562803200000 funding BCH -0.00000131965']);
  });

  test('the two rows of one trade: position and fee, profit, and funding', async () => {
    const trade = { info: 'futures trade', execution: 'fc49fea9', trade_price: 342.1 };
    const position = { ...trade, asset: 'pi_bchusd', old_balance: 1, new_balance: -2 };
    const money = {
      ...trade,
      asset: 'bch',
      old_balance: 2,
      new_balance: 2.25,
      realized_pnl: 0.5,
      realized_funding: -0.125,
      fee: 0.125,
    };
    const { entries = [] } = await readBody('ledger', logOf(position, money));
    expect(entries.map(lineOf)).toEqual([
      'trade.fc49fea9 1562803200000 fill BCH/USD:BCH -3 342.1 BCH -0.125 fee',
      'trade.fc49fea9.profit 1562803200000 realised BCH 0.5',
      'trade.fc49fea9.funding 1562803200000 funding BCH -0.125',
    ]);
  });

  test.each(['futures assignor', 'futures unwind bankrupt', 'futures partial liquidation'])(
    '%s is a fill',
    async (info) => {
      const row = { asset: 'pf_xbtusd', info, trade_price: 9, old_balance: 1, new_balance: 0 };
      const { entries = [] } = await readBody('ledger', logOf({ ...row, execution: 'e1' }));
      expect(entries.map(lineOf)).toEqual(['trade.e1 1562803200000 fill BTC/USD:USD -1 9']);
    },
  );

  test('fee credits are no money, and are said to be left out', async () => {
    const row = { asset: 'kfee', info: 'kfee applied', old_balance: 10, new_balance: 9 };
    const { entries, ignored } = await readBody('ledger', logOf(row));
    expect([entries, ignored]).toEqual([[], [{ id: 'log.1688', reason: 'fee credits' }]]);
  });
});

describe('refuses', () => {
  test.each([
    ['a kind of row that nobody knows', { asset: 'usd', info: 'gift' }],
    ['a contract that nobody knows', { asset: 'xx_btcusd', info: 'futures trade' }],
    ['a missing balance', { asset: 'usd', info: 'transfer', new_balance: null }],
    ['a number that is none', { asset: 'usd', info: 'transfer', new_balance: '1,5' }],
  ])('%s', async (_name, row) => {
    const body = logOf({ old_balance: 1, new_balance: 2, ...row });
    await expect(readBody('ledger', body).catch(codeOf)).resolves.toBe('VENUE_UNEXPECTED_SHAPE');
  });
});
