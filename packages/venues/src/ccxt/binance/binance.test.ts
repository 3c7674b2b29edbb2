// The connector against a local server that answers as Binance does. Shapes of rows and error bodies are
// those of the recorded payloads and of Binance's documentation; the client is the real ccxt one.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { formatDecimal, type Entry, type Window } from '@track-record/ledger';
import { Secret } from '@track-record/sealing';
import type { VenueContext, VenueCredentials, VenueSession } from '../../contract.ts';
import { binance } from './binance.ts';

const KEY = 'KEYMARKERq7Zs1';
const SECRET = 'SECRETMARKERx93Lk';
const NOW = Date.UTC(2026, 0, 10, 12, 0, 30);
const HOUR = 3_600_000;
const WINDOW: Window = { from: NOW - HOUR, to: NOW };

type Query = URLSearchParams;
interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}
type Route = (query: Query, response: ServerResponse) => unknown;

let server: Server;
let routes: Map<string, Route>;
let requests: { path: string; query: Query; host: string }[];

beforeEach(async () => {
  routes = new Map(Object.entries(emptyAccount()));
  requests = [];
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://local');
  requests.push({ path: url.pathname, query: url.searchParams, host: request.headers.host ?? '' });
  const route = routes.get(url.pathname);
  const told =
    route === undefined ? { status: 404, body: '{}' } : route(url.searchParams, response);
  if (told === undefined) return;
  const reply: Reply = isReply(told) ? told : { body: JSON.stringify(told) };
  response.writeHead(reply.status ?? 200, reply.headers ?? {});
  response.end(reply.body);
}

function isReply(told: unknown): told is Reply {
  return typeof told === 'object' && told !== null && 'body' in told;
}

function emptyAccount(): Record<string, Route> {
  const pair = (baseAsset: string, quoteAsset: string) => ({
    symbol: `${baseAsset}${quoteAsset}`,
    status: 'TRADING',
    baseAsset,
    quoteAsset,
    isSpotTradingAllowed: true,
    permissions: ['SPOT'],
    filters: [],
  });
  const perpetual = { ...pair('BTC', 'USDT'), marginAsset: 'USDT', contractType: 'PERPETUAL' };
  return {
    '/api/v3/time': () => ({ serverTime: NOW }),
    '/fapi/v1/time': () => ({ serverTime: NOW + 3 }),
    '/api/v3/exchangeInfo': () => ({
      symbols: [pair('BTC', 'USDT'), pair('ETH', 'USDT'), pair('BNB', 'USDT'), pair('DCR', 'BTC')],
    }),
    '/fapi/v1/exchangeInfo': () => ({ symbols: [perpetual] }),
    '/api/v3/account': () => ({
      uid: 354937868,
      balances: [{ asset: 'BTC', free: '0.50000000', locked: '0.25000000' }],
    }),
    '/sapi/v1/asset/get-funding-asset': () => [
      {
        asset: 'BTC',
        free: '0.1',
        locked: '0',
        freeze: '0',
        withdrawing: '0.05',
        btcValuation: '0',
      },
    ],
    '/fapi/v3/account': () => ({ assets: [{ asset: 'USDT', walletBalance: '23.72469206' }] }),
    '/fapi/v3/positionRisk': () => [],
    '/sapi/v1/capital/deposit/hisrec': () => [],
    '/sapi/v1/capital/withdraw/history': () => [],
    '/sapi/v1/fiat/orders': () => ({ code: '000000', message: 'success', data: [], total: 0 }),
    '/sapi/v1/asset/assetDividend': () => ({ rows: [], total: 0 }),
    '/sapi/v1/convert/tradeFlow': () => ({ list: [], moreData: false }),
    '/sapi/v1/asset/dribblet': () => ({ total: 0, userAssetDribblets: [] }),
    '/sapi/v1/asset/transfer': () => ({ total: 0 }),
    '/fapi/v1/income': () => [],
    '/fapi/v1/userTrades': () => [],
    '/api/v3/myTrades': () => [],
  };
}

function context(signal = new AbortController().signal): VenueContext {
  const { port } = server.address() as AddressInfo;
  return { egress: { host: '127.0.0.1', port }, now: () => NOW, signal };
}

function credentials(apiKey = KEY, secret = SECRET): VenueCredentials {
  const secretOf = (text: string): Secret => new Secret(new TextEncoder().encode(text));
  return new Map([
    ['apiKey', secretOf(apiKey)],
    ['secret', secretOf(secret)],
  ]);
}

async function withSession<T>(use: (session: VenueSession) => Promise<T>): Promise<T> {
  const session = await binance.connect(credentials(), context());
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

function spotRow(id: number, time: number): Record<string, unknown> {
  return {
    symbol: 'BTCUSDT',
    id,
    orderId: 1,
    price: '42000.01000000',
    qty: '0.00100000',
    quoteQty: '42.00001000',
    commission: '0.00000100',
    commissionAsset: 'BNB',
    time,
    isBuyer: true,
    isMaker: false,
  };
}

/** Binance's own paging: ids from `fromId`, ascending, at most `limit`. */
function fillsByPage(rows: readonly Record<string, unknown>[]): Route {
  return (query) =>
    query.get('symbol') !== 'BTCUSDT'
      ? []
      : rows
          .filter((row) => Number(row['id']) >= Number(query.get('fromId')))
          .slice(0, Number(query.get('limit')));
}

function idsOf(entries: readonly Entry[]): readonly string[] {
  return entries.map(({ id }) => id);
}

describe('accepts', () => {
  test('identity and permissions as Binance states them', async () => {
    routes.set('/sapi/v1/account/apiRestrictions', () => ({
      ipRestrict: true,
      enableReading: true,
      enableWithdrawals: false,
      enableInternalTransfer: false,
      enableFutures: false,
    }));
    expect(await withSession((session) => session.identify())).toEqual({
      venueAccountId: '354937868',
      paper: false,
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: true },
    });
  });

  test('balances summed over the perimeter, between two server times', async () => {
    routes.set('/fapi/v3/positionRisk', () => [
      { symbol: 'BTCUSDT', positionAmt: '-0.500', entryPrice: '42000.5', positionSide: 'BOTH' },
    ]);
    const { anchor, quietUntil, instruments } = await withSession((session) => session.observe());
    expect([anchor.asOf, quietUntil]).toEqual([NOW, NOW + 3]);
    const amounts = [...anchor.balances].map(([asset, value]) => [asset, formatDecimal(value)]);
    expect(amounts).toEqual([
      ['BTC', '0.90000000'],
      ['USDT', '23.72469206'],
    ]);
    expect(anchor.positions.map(({ instrument }) => instrument)).toEqual(['BTC/USDT:USDT']);
    expect(instruments.get('BTC/USDT:USDT')?.realised).toBe('posted');
    expect(new Set(requests.map(({ host }) => host))).toEqual(
      new Set(['api.binance.com', 'fapi.binance.com']),
    );
  });

  test('every feed of the window as entries', async () => {
    const at = WINDOW.from + 60_000;
    routes.set('/api/v3/myTrades', fillsByPage([spotRow(7, at)]));
    const rows: Record<string, unknown> = {
      '/sapi/v1/capital/deposit/hisrec': [
        { id: '11', amount: '5.0', coin: 'USDT', status: 1, insertTime: at },
      ],
      '/fapi/v1/income': [
        income('FUNDING_FEE', '-0.01', at, '1'),
        income('COMMISSION', '-0.02', at, '2', '900'),
        income('TRANSFER', '5.0', at, '3'),
      ],
      '/fapi/v1/userTrades': [futuresRow(900, at)],
    };
    for (const [path, told] of Object.entries(rows)) routes.set(path, () => told);
    routes.set('/sapi/v1/asset/transfer', (query) =>
      query.get('type') === 'MAIN_UMFUTURE'
        ? { total: 1, rows: [transfer('MAIN_UMFUTURE', at)] }
        : { total: 0 },
    );
    const fetched = await withSession((session) => session.fetch(WINDOW, null));
    expect(idsOf(fetched.entries)).toEqual([
      'deposit.11',
      'spot-trade.BTCUSDT.7',
      'transfer.77',
      'um-income.FUNDING_FEE.BTCUSDT.1',
      'um-realised.BTCUSDT.900',
      'um-trade.BTCUSDT.900',
    ]);
    expect([...fetched.instruments.keys()]).toEqual(['BTC/USDT:USDT']);
    expect(fetched.requests).toBeGreaterThan(20);
  });
});

function income(incomeType: string, amount: string, time: number, tranId: string, tradeId = '') {
  const symbol = incomeType === 'TRANSFER' ? '' : 'BTCUSDT';
  return { symbol, incomeType, income: amount, asset: 'USDT', time, tranId, tradeId };
}

function futuresRow(id: number, time: number): Record<string, unknown> {
  return {
    symbol: 'BTCUSDT',
    id,
    side: 'SELL',
    price: '42000.5',
    qty: '0.010',
    realizedPnl: '1.50000000',
    marginAsset: 'USDT',
    commission: '0.02000000',
    commissionAsset: 'USDT',
    time,
    positionSide: 'BOTH',
  };
}

function transfer(type: string, timestamp: number): Record<string, unknown> {
  return { asset: 'USDT', amount: '5.0', type, status: 'CONFIRMED', tranId: 77, timestamp };
}
