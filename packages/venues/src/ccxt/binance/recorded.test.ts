// Recorded and documented payloads of Binance through the real client: every entry against its
// payload, digit for digit. The files are read from VECTORS_DIR and never copied; their origin and
// what is odd about each stands in exchanges/MANIFEST.md beside them.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { formatDecimal, type Entry } from '@track-record/ledger';
import { venue as binance } from './venue.ts';
import {
  postingLines,
  recordedPayloads,
  type Feed,
  type Market,
} from '../../../../testkit/src/recorded-payloads.ts';

const NOW = Date.UTC(2026, 0, 10);
const HOUR = 3_600_000;

const recorded = recordedPayloads('binance', 'binance', NOW);
const { describeVectors, context, bodyOf, readBody: read } = recorded;

/** `id at kind [instrument contracts@price] asset amount [fee], …` */
function lineOf(entry: Entry): string {
  const { position } = entry;
  const change =
    position === undefined
      ? []
      : [
          position.instrument,
          `${formatDecimal(position.contracts)}@${formatDecimal(position.price)}`,
        ];
  return [entry.id, entry.at, entry.kind, ...change, postingLines(entry.postings).join(', ')]
    .join(' ')
    .trimEnd();
}

const BNB_FILL =
  'spot-trade.BNBBTC.28457 1499865549590 fill BNB 12.00000000, BTC -48.000012, ' +
  'BNB -10.10000000 fee';

describeVectors('accepts', () => {
  test.each<[string, Feed, Market, readonly string[]]>([
    ['fetchMyTrades.spot', 'fills', 'spot', [BNB_FILL]],
    ['rotki.exchanges.276.myTrades', 'fills', 'spot', [BNB_FILL]],
    [
      'fetchMyTrades.margin',
      'fills',
      'margin',
      // No quoteQty in the payload: 3.00000000 x 0.02000000.
      [
        'spot-trade.BNBBTC.34 1561973357171 fill BNB -3.00000000, BTC' +
          ' 0.0600000000000000, BTC -0.00006000 fee',
      ],
    ],
    [
      'fetchMyTrades.usdm',
      'fills',
      'linear',
      // The old documentation's negative commission is one that was received: its sign is kept.
      [
        'um-trade.BTCUSDT.698759 1569514978020 fill BTC/USDT:USDT#SHORT -0.002@7819.01' +
          ' USDT 0.07819010 fee',
        'um-realised.BTCUSDT.698759 1569514978020 realised USDT -0.91539999',
      ],
    ],
    [
      'fetchMyTrades.usdm.2',
      'fills',
      'linear',
      [
        'um-trade.ETHUSDT.82357626 1645930322371 fill ETH/USDT:USDT -0.005@2778.35 USDT' +
          ' -0.00555670 fee',
        'um-trade.ETHUSDT.82357629 1645930333910 fill ETH/USDT:USDT 0.005@2779 USDT' +
          ' -0.00555800 fee',
        'um-realised.ETHUSDT.82357629 1645930333910 realised USDT -0.00325000',
      ],
    ],
    [
      'fetchMyTrades.coinm',
      'fills',
      'inverse',
      [
        'cm-trade.BTCUSD_200626.6 1590743483586 fill BTC/USD:BTC-200626 -1@8800 BTC' +
          ' -0.00000454 fee',
      ],
    ],
    [
      'fetchDeposits',
      'deposits',
      null,
      ['deposit.769754833590042625 1599620082000 flow IOTA 0.50000000'],
    ],
    [
      'deposits.unexpected',
      'deposits',
      null,
      [
        'deposit.0xdf33b22bdb2b28b1f75ccd201a4a4m6e7g83jy5fc5d5a9d1340961598cfcb0a1' +
          ' 1508198532000 flow ETH 0.04670582',
      ],
    ],
    ['fetchDeposits.fiat', 'deposits', null, []],
    [
      'fetchWithdrawals',
      'withdrawals',
      null,
      [
        'withdrawal.b6ae22b3aa844210a7041aee7589627c.fee 1570878722000 fee USDT -0.004 fee',
        'withdrawal.b6ae22b3aa844210a7041aee7589627c 1570878722000 flow USDT -8.91000000',
        'withdrawal.156ec387f49b41df8724fa744fa82719.fee 1569329025000 fee BTC -0.004 fee',
        'withdrawal.156ec387f49b41df8724fa744fa82719 1569329025000 flow BTC -0.00150000',
      ],
    ],
    [
      'fetchTransfers',
      'transfers',
      null,
      [
        'transfer.11415955596 1544433328000 transfer USDT -1, USDT 1',
        'transfer.11366865406 1544433328000 transfer USDT -2, USDT 2',
      ],
    ],
    [
      'assetDividend',
      'dividends',
      null,
      [
        'dividend.1637366104 1563189166000 dividend BHFT 10.00000000',
        'dividend.1631750237 1563189165000 dividend BHFT 10.00000000',
      ],
    ],
    [
      'fetchConvertTradeHistory',
      'conversions',
      null,
      // The id is above 2^53.
      ['convert.940708407462087195 1624248872184 conversion USDT -20, BNB 0.06154036'],
    ],
    [
      'fetchMyDustTrades',
      'conversions',
      null,
      [
        'dust.4359321.USDT 1615985535000 conversion USDT -0.0009, BNB 0.000441, BNB' +
          ' 0.000009, BNB -0.000009 fee',
        'dust.4359321.ETH 1615985535000 conversion ETH -0.0009, BNB 0.00088156, BNB' +
          ' 0.00001799, BNB -0.00001799 fee',
        'dust.4357015.USDT 1616203180000 conversion USDT -0.001, BNB 0.00049, BNB' +
          ' 0.00001, BNB -0.00001 fee',
        'dust.4357015.ETH 1616203180000 conversion ETH -0.0001, BNB 0.00009795, BNB' +
          ' 0.000002, BNB -0.000002 fee',
      ],
    ],
    [
      'fetchLedger.usdm.income',
      'ledger',
      'linear',
      // Both rows have one tranId: the type is part of the id.
      [
        'um-income.TRANSFER.9689322392 1570608000000 transfer USDT -0.37500000, USDT 0.37500000',
        'um-income.COMMISSION.BTCUSDT.9689322392 1570636800000 fee USDT -0.01000000 fee',
      ],
    ],
  ])('%s', async (name, feed, market, lines) => {
    const { entries = [] } = await read(feed, await bodyOf(`${name}.json`), market);
    expect(entries.map(lineOf)).toEqual(lines);
  });

  test('what is not settled, with its reason', async () => {
    const pending = await read('deposits', await bodyOf('fetchDeposits.json'));
    expect(pending.ignored).toEqual([{ id: 'deposit.769800519366885376', reason: 'pending' }]);
    const fiat = await read('deposits', await bodyOf('fetchDeposits.fiat.json'));
    expect(fiat.ignored?.map(({ reason }) => reason)).toEqual(['expired']);
  });

  test.each([
    ['fetchBalance.spot', ['BTC 4723846.89208129', 'LTC 4763368.68006011']],
    ['fetchBalance.spot.recorded', []],
    ['fetchBalance.usdm', ['USDT 23.72469206', 'USDC 103.12345678']],
  ])('%s', async (name, lines) => {
    const { balances = new Map() } = await read('balances', await bodyOf(`${name}.json`));
    expect([...balances].map(([asset, value]) => `${asset} ${formatDecimal(value)}`)).toEqual(
      lines,
    );
  });

  test('fetchPositions.usdm, without its empty short side', async () => {
    const { positions = [] } = await read(
      'positions',
      await bodyOf('fetchPositions.usdm.json'),
      'linear',
    );
    const lines = positions.map(({ instrument, contracts, entryPrice }) =>
      [instrument, formatDecimal(contracts), formatDecimal(entryPrice)].join(' '),
    );
    expect(lines).toEqual(['BTC/USDT:USDT 0.001 22185.2']);
  });

  test('apiRestrictions: portfolio margin trading is trading', async () => {
    const { permissions } = await read('permissions', await bodyOf('apiRestrictions.json'));
    expect(permissions).toEqual({ read: true, trade: true, withdraw: false, ipRestricted: false });
  });

  test('1,644 real candles of BTCUSDT, served to the real client, price every hour', async () => {
    const files = ['2020-05.1000rows', '2020-06.468rows', '2023-01.176rows'];
    const bodies = await Promise.all(
      files.map((name) => bodyOf(`fetchOHLCV.spot.1h.${name}.json`)),
    );
    const rows = bodies.flatMap((body) => JSON.parse(body) as [number, ...string[]][]);
    const info = await bodyOf('exchangeInfo.spot.25symbols.json');
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://local');
      const [from, to] = ['startTime', 'endTime'].map((name) => Number(searchParams.get(name)));
      const isInside = ([open]: [number, ...string[]]): boolean =>
        open >= Number(from) && open <= Number(to);
      const page = rows.filter(isInside).slice(0, Number(searchParams.get('limit')));
      const answers: Record<string, string> = {
        '/api/v3/exchangeInfo': info,
        '/fapi/v1/exchangeInfo': '{"symbols":[]}',
        '/api/v3/time': `{"serverTime":${NOW}}`,
        '/api/v3/klines': JSON.stringify(page),
      };
      response.end(answers[pathname] ?? '{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const wanted = rows.map(([open]) => open + HOUR);
    const { prices } = await binance.prices(
      wanted.map((at) => ({ kind: 'asset', name: 'BTC', currency: 'USDT', at })),
      { ...context, egress: { host: '127.0.0.1', port } },
    );
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(rows).toHaveLength(1644);
    const closes = new Map(prices.map(({ at, price }) => [at, formatDecimal(price)]));
    expect(wanted.map((at) => closes.get(at))).toEqual(rows.map((row) => row[4]));
  });
});

describe('refuses', () => {
  test.each<[string, Feed, string, string]>([
    ['a feed Binance does not have', 'flex', '[]', 'VENUE_FEED_UNSUPPORTED'],
    ['HTML', 'deposits', '<html></html>', 'VENUE_UNAVAILABLE'],
    ['an error body', 'deposits', '{"code":-2015,"msg":""}', 'VENUE_KEY_REJECTED'],
    ['another shape', 'deposits', '{"rows":[]}', 'VENUE_UNEXPECTED_SHAPE'],
    ['candles of a market without a name', 'candles', '[]', 'ARGUMENT_INVALID'],
  ])('%s', async (_name, feed, body, code) => {
    expect(await read(feed, body).then(() => 'accepted', codeOf)).toBe(code);
  });
});

describe('holds', () => {
  test('white space of a recording changes nothing, and text keeps its own', async () => {
    const row = '{"id":"a b","amount":1.10,"coin":"USDT","status":1,"insertTime":1599620082000}';
    const spaced = `[ ${row.replaceAll(',', ' ,\n  ').replaceAll(':', ' : ')} ]`;
    const { entries = [] } = await read('deposits', spaced);
    expect(entries.map(lineOf)).toEqual(['deposit.a b 1599620082000 flow USDT 1.10']);
  });

  test('an asker who names the market gets it under that name', async () => {
    const body = JSON.stringify([
      {
        symbol: 'BTCUSDT',
        id: 1,
        side: 'SELL',
        price: '2',
        qty: '1',
        realizedPnl: '0',
        commission: '0',
        time: 1_599_620_082_000,
        positionSide: 'SHORT',
      },
    ]);
    const { entries = [] } = await read('fills', body, 'linear', 'BTC/USDT:USDT');
    expect(entries.map(({ position }) => position?.instrument)).toEqual(['BTC/USDT:USDT']);
  });
});
