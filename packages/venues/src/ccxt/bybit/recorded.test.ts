// Recorded and documented payloads of Bybit through the real client: every entry against its
// payload, digit for digit. The files are read from VECTORS_DIR and never copied; their origin and
// cautions stand in exchanges/MANIFEST.md beside them. What live accounts have shown of the
// funding account, and liquidations, are written out here: no recording has them.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { formatDecimal, parseDecimal } from '@track-record/ledger';
import { venue } from './venue.ts';
import {
  lineOf,
  recordedPayloads,
  type Feed,
  type Market,
} from '../../../../testkit/src/recorded-payloads.ts';

const { describeVectors, readBody, bodyOf } = recordedPayloads('bybit');

/** `.result-only` files are the member `result` alone. */
async function read(name: string, feed: Feed, market?: Market, symbol?: string | null) {
  const file = await bodyOf(`${name}.json`);
  const body = name.endsWith('.result-only')
    ? `{"retCode":0,"retMsg":"OK","result":${file}}`
    : file;
  return await readBody(feed, body, market, symbol);
}

function answer(row: Readonly<Record<string, string>>): string {
  return JSON.stringify({ retCode: 0, result: { list: [row], nextPageCursor: '' } });
}

describeVectors('accepts', () => {
  test.each<[string, Feed, Market, string | null, readonly string[]]>([
    [
      // The first two rows share an id: funding and a trade. The two trades share an instant.
      'fetchLedger',
      'ledger',
      null,
      null,
      [
        'log.SETTLEMENT.592324_XRPUSDT_161440249321.USDT.1672128000000.5086.55825002.' +
          '534c0003-4bf7-486f-aa02-78cee36825e4 1672128000000 funding USDT -0.003676',
        'linear-trade.XRPUSDT.5184f079-88ec-54c7-8774-5173cafd2b4e 1672121182224 fill ' +
          'XRP/USDT:USDT 88 at 0.3615, USDT -0.01908720 fee',
        'linear-trade.XRPUSDT.8569c10f-5061-5891-81c4-a54929847eb3 1672121182224 fill ' +
          'XRP/USDT:USDT 12 at 0.3615, USDT -0.00260280 fee',
      ],
    ],
    [
      'fetchMyTrades.linear',
      'fills',
      'linear',
      'ETH/USDC:USDC',
      [
        'linear-trade.ETHPERP.e0cbe81d-0f18-5866-9415-cf319b5dab3b 1672282722429 fill ' +
          'ETH/USDC:USDC 0.1 at 1190.15, USDC -0.071409 fee',
      ],
    ],
    [
      'fetchMyTrades.linear.2',
      'fills',
      'linear',
      null,
      [
        'linear-trade.BTCUSDT.e0cbe81d-0f18-5866-9415-cf319b5dab3b 1672282722429 fill ' +
          'BTC/USDT:USDT 0.100 at 50000.00, USDT -0.0150 fee',
        'linear-trade.ETHUSDT.f1dce92e-1g29-6977-a526-dg420c6ecb4c 1672282822529 fill ' +
          'ETH/USDT:USDT -0.500 at 3000.00, USDT -0.9000 fee',
      ],
    ],
    [
      'deposits.result-only',
      'deposits',
      null,
      null,
      [
        'deposit.0xe9bce05f14cb35eeb762ed5ce109ab4676ed1459480f6196c82060c4e0c63b27.4 ' +
          '1701200911000 flow USDC 79.993947',
        'deposit.0xc2433faf5938e4be896127a15815952e99b41412b8aa0fbe239ce24c8bc435ab.6 ' +
          '1701200780000 flow USDC 20',
      ],
    ],
    [
      // The other one is still looked at: it is ignored until it is settled.
      'fetchWithdrawals',
      'withdrawals',
      null,
      null,
      ['withdrawal.13310 1698889833000 flow USDT -20.1234'],
    ],
    [
      'orders.spot.page1.result-only',
      'fills',
      'spot',
      null,
      [
        'spot-order.SOLUSDC.1573377285745286144 1702297236826 fill SOL 0.119, USDC -8.29549',
        'spot-order.MATICUSDC.1573376610655280128 1702297107954 fill MATIC 20.00, USDC -17.472000',
      ],
    ],
    [
      'orders.spot.page2.result-only',
      'fills',
      'spot',
      null,
      ['spot-order.ETHUSDC.1564184955935005696 1701201377325 fill ETH 0.00250, USDC -5.1557000'],
    ],
    [
      'closedPnl',
      'activities',
      null,
      'ETH/USDC:USDC',
      ['closed.5a373bfe-188d-4913-9c81-d57ab5be8068 1672214887236 realised USDC -47.4065323'],
    ],
  ])('%s', async (name, feed, market, symbol, lines) => {
    const { entries = [] } = await read(name, feed, market, symbol);
    expect(entries.map(lineOf)).toEqual(lines);
  });

  test.each<[string, Feed, Market, readonly object[]]>([
    ['fetchWithdrawals', 'withdrawals', null, [{ id: 'withdrawal.9976', reason: 'pending' }]],
    [
      'orders.spot.page1.result-only',
      'fills',
      'spot',
      [{ id: 'spot-order.SOLUSDC.1573377106254240768', reason: 'nothing filled' }],
    ],
  ])('%s: what has not happened', async (name, feed, market, rows) => {
    expect((await read(name, feed, market)).ignored).toEqual(rows);
  });

  test.each([
    // Cash, not equity, and without what is borrowed by hand.
    ['fetchBalance.unified', ''],
    ['fetchBalance.unified.2', 'USDT 1000.50,ETH -0.06142'],
    ['fetchBalance.spot.borrow', 'USDT 1000.00'],
  ])('%s', async (name, lines) => {
    const { balances = new Map() } = await read(name, 'balances');
    const told = [...balances].map(([asset, amount]) => `${asset} ${formatDecimal(amount)}`);
    expect(told.join(',')).toBe(lines);
  });

  test.each<[string, Market, string | null, readonly string[]]>([
    ['fetchPositions.inverse', 'inverse', 'BTC/USD:BTC', ['BTC/USD:BTC -300 27464.50441675']],
    [
      'fetchPositions.2',
      'linear',
      null,
      ['BTC/USDT:USDT 0.5 50000.00', 'ETH/USDT:USDT#SHORT -5.0 3000.00'],
    ],
  ])('%s', async (name, market, symbol, lines) => {
    const { positions = [] } = await read(name, 'positions', market, symbol);
    const told = positions.map(({ instrument, contracts, entryPrice }) =>
      [instrument, formatDecimal(contracts), formatDecimal(entryPrice)].join(' '),
    );
    expect(told).toEqual(lines);
  });

  test('fetchOHLCV: closes by the end of their hour', async () => {
    const { prices = [] } = await read('fetchOHLCV', 'candles', 'inverse', 'BTC/USD:BTC');
    expect(prices.map(({ at, price }) => `${at} ${formatDecimal(price)}`)).toEqual([
      '1670612400000 17055.5',
      '1670608800000 17071',
      '1670605200000 17071.5',
    ]);
  });

  test.each([
    ['user.query-api', { read: true, trade: true, withdraw: false, ipRestricted: false }],
    // It lists what it may read; it may do nothing.
    ['user.query-api.2', { read: true, trade: false, withdraw: false, ipRestricted: true }],
  ])('%s', async (name, permissions) => {
    expect((await read(name, 'permissions')).permissions).toEqual(permissions);
  });
});

describeVectors('accepts', () => {
  test('instruments: the markets that prices are asked for', async () => {
    const candles = '{"retCode":0,"result":{"list":[["1670605200000","1","1","1","17.5"]]}}';
    const bodies = new Map([
      ['/v5/market/time', '{"retCode":0,"time":1670610000000}'],
      ['/v5/market/instruments-info?category=spot', await bodyOf('instruments.spot.json')],
      ['/v5/market/instruments-info?category=linear', await bodyOf('instruments.linear.json')],
      ['/v5/market/kline?category=spot&symbol=BTCUSDT', candles],
      ['/v5/market/mark-price-kline?category=linear&symbol=BTCUSDT', candles],
    ]);
    const server = createServer(({ url = '' }, response) => {
      const known = [...bodies].find(([start]) => url.startsWith(start) && !/PreLaunch/.test(url));
      response.end(known?.[1] ?? '{"retCode":0,"result":{"list":[],"nextPageCursor":""}}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const { signal } = new AbortController();
      const context = { egress: { host: '127.0.0.1', port }, now: () => 1_670_610_000_000, signal };
      const at = 1_670_608_800_000;
      const need = { currency: 'USDT', at };
      const told = await venue.prices(
        [
          { ...need, kind: 'asset', name: 'BTC' },
          { ...need, kind: 'mark', name: 'BTC/USDT:USDT#SHORT' },
        ],
        context,
      );
      expect(told.prices).toEqual([{ asset: 'BTC', currency: 'USDT', at, price: PRICE }]);
      expect(told.marks).toEqual([{ instrument: 'BTC/USDT:USDT#SHORT', at, price: PRICE }]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

const PRICE = parseDecimal('17.5');

const EXECUTION = {
  symbol: 'BTCUSDT',
  side: 'Sell',
  execId: 'e1',
  execTime: '1672282722429',
  execPrice: '20000.5',
  execQty: '0.010',
  execFee: '0.110',
  feeCurrency: '',
};

const LOGGED = {
  id: '592324_BTCUSDT_1',
  symbol: 'BTCUSDT',
  category: 'linear',
  side: 'Sell',
  transactionTime: '1672282722429',
  type: 'LIQUIDATION',
  qty: '0.030',
  size: '-0.010',
  currency: 'USDT',
  tradePrice: '20000.5',
  funding: '',
  fee: '0.33',
  cashFlow: '-12.5',
  change: '-12.83',
  cashBalance: '100.17',
  tradeId: 't1',
};

const FUNDED = {
  memberId: '290118',
  currency: 'USDT',
  ioDirection: 'O',
  txnAmt: '10000.3000',
  afterAmt: '75.5308',
  createTime: '1700837040',
  showBusiType: 'fundingAccountRecordTypeWithdraw',
  description: 'fundingAccountRecordWithdraw',
};

describe('accepts', () => {
  test.each(['BustTrade', 'AdlTrade', 'Trade'])('an execution by %s', async (execType) => {
    const { entries = [] } = await readBody('fills', answer({ ...EXECUTION, execType }), 'linear');
    expect(entries.map(lineOf)).toEqual([
      'linear-trade.BTCUSDT.e1 1672282722429 fill ' +
        'BTC/USDT:USDT -0.010 at 20000.5, USDT -0.110 fee',
    ]);
  });

  test.each(['TRADE', 'LIQUIDATION', 'ADL'])(
    'a %s that turns a position around closes one side and opens the other',
    async (type) => {
      const { entries = [] } = await readBody('ledger', answer({ ...LOGGED, type }));
      expect(entries.map(lineOf)).toEqual([
        'linear-trade.BTCUSDT.t1 1672282722429 fill ' +
          'BTC/USDT:USDT -0.020 at 20000.5, USDT -0.33 fee',
        'linear-realised.BTCUSDT.t1 1672282722429 realised USDT -12.50',
        'linear-trade.BTCUSDT.t1.turn 1672282722429 fill BTC/USDT:USDT#SHORT -0.010 at 20000.5',
      ]);
    },
  );

  test.each([
    ['fundingAccountRecordTypeWithdraw', 'fundingAccountRecordWithdraw', 'flow', 1],
    ['fundingAccountRecordFiat', 'fundingAccountRecordP2PSale', 'flow', 1],
    ['fundingAccountRecordTransferOut', 'fundingAccountRecordTransferOut2SubAccount', 'flow', 1],
    [
      'fundingAccountRecordTransferOut',
      'fundingAccountRecordTransfer2TradingAccount',
      'transfer',
      2,
    ],
  ])('%s %s: %s', async (showBusiType, description, kind, legs) => {
    const row = { ...FUNDED, showBusiType, description };
    const { entries = [] } = await readBody('transfers', answer(row));
    expect(entries.map((each) => [each.kind, each.at])).toEqual([[kind, 1_700_837_040_000]]);
    expect(entries[0]?.postings).toHaveLength(legs);
  });
});

describe('refuses', () => {
  test.each<[string, Feed, Readonly<Record<string, string>>]>([
    ['an unknown type', 'ledger', { ...LOGGED, type: 'LOANS_BORROW_FUNDS' }],
    ['a delivery', 'ledger', { ...LOGGED, type: 'DELIVERY' }],
    ['an option', 'ledger', { ...LOGGED, category: 'option' }],
    ['a session settlement', 'ledger', { ...LOGGED, type: 'SETTLEMENT' }],
    ['a missing fee', 'ledger', { ...LOGGED, fee: '' }],
    [
      'an unknown business',
      'transfers',
      { ...FUNDED, showBusiType: 'fundingAccountRecordEarn', description: 'fundingAccountRecordX' },
    ],
    ['a delivery among executions', 'fills', { ...EXECUTION, execType: 'Delivery' }],
  ])('%s', async (_name, feed, row) => {
    const code = await readBody(feed, answer(row)).then(() => 'accepted', codeOf);
    expect(code).toBe('VENUE_UNEXPECTED_SHAPE');
  });
});
