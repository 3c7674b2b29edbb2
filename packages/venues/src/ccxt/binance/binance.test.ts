// The connector against a local server that answers as Binance does. Shapes of rows and error
// bodies are those of the recorded payloads and of Binance's documentation; the client is the real
// ccxt one.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { codeOf, type Code } from '@track-record/errors';
import { formatDecimal, type Entry, type Window } from '@track-record/ledger';
import type { Secret } from '@track-record/sealing';
import type { VenueContext, VenueCredentials, VenueSession } from '../../contract.ts';
import { readPermissions, venue as binance } from './venue.ts';

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
  const secretOf = (text: string): Secret => {
    const open = <T>(read: (bytes: Uint8Array) => T): T => read(new TextEncoder().encode(text));
    return { open } as unknown as Secret;
  };
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

function balance(asset: string, free: string): Record<string, unknown> {
  return { asset, free, locked: '0' };
}

async function refusalOf(attempt: Promise<unknown>): Promise<string> {
  return await attempt.then(() => 'accepted', codeOf);
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

  test('an hour later only what is new, and what was held before', async () => {
    const rows = [spotRow(7, WINDOW.from - 3 * HOUR), spotRow(8, WINDOW.from + 1)];
    routes.set('/api/v3/myTrades', fillsByPage(rows));
    const first = await withSession((session) => session.fetch(WINDOW, null));
    expect(idsOf(first.entries)).toEqual(['spot-trade.BTCUSDT.8']);
    const asked = (path: string) => requests.filter((request) => request.path === path);
    expect(new Set(asked('/api/v3/myTrades').map(({ query }) => query.get('symbol')))).toEqual(
      new Set(['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'DCRBTC']),
    );
    expect(asked('/sapi/v1/fiat/orders')).toHaveLength(2);

    requests = [];
    routes.set('/api/v3/account', () => ({ uid: 1, balances: [balance('ETH', '1')] }));
    rows.push(spotRow(9, WINDOW.to - 1));
    const second = await withSession((session) => session.fetch(WINDOW, first.cursor));
    expect(idsOf(second.entries)).toEqual(['spot-trade.BTCUSDT.8', 'spot-trade.BTCUSDT.9']);
    const pages = asked('/api/v3/myTrades').map(({ query }) => query);
    expect(pages.map((query) => [query.get('symbol'), query.get('fromId')])).toEqual([
      ['BTCUSDT', '7'],
      ['ETHUSDT', '0'],
    ]);
    expect(asked('/sapi/v1/fiat/orders')).toHaveLength(0);
  });

  test('a pair whose first fill is minutes old, an hour later', async () => {
    const rows = [spotRow(1, WINDOW.to - 1)];
    routes.set('/api/v3/myTrades', fillsByPage(rows));
    const first = await withSession((session) => session.fetch(WINDOW, null));
    rows.push(spotRow(2, WINDOW.to));
    const next = { from: WINDOW.to, to: WINDOW.to + HOUR };
    const second = await withSession((session) => session.fetch(next, first.cursor));
    expect(idsOf(second.entries)).toEqual(['spot-trade.BTCUSDT.2']);
  });

  test('fills over many pages, several to a millisecond, each once', async () => {
    const rows = Array.from({ length: 2345 }, (_, index) =>
      spotRow(index + 1, WINDOW.from + Math.floor(index / 7)),
    );
    routes.set('/api/v3/myTrades', fillsByPage(rows));
    const { entries } = await withSession((session) => session.fetch(WINDOW, null));
    expect(entries).toHaveLength(2345);
    expect(new Set(idsOf(entries)).size).toBe(2345);
  });

  test('a deposit where it was credited, and a pending one later, once', async () => {
    const seen = WINDOW.from - 600_000;
    const row = { id: '5', amount: '100', coin: 'ETH', insertTime: seen };
    const deposits = [
      { ...row, id: '4', status: 6, completeTime: WINDOW.from + 5 },
      { ...row, status: 0 },
    ];
    routes.set('/sapi/v1/capital/deposit/hisrec', () => deposits);
    const first = await withSession((session) => session.fetch(WINDOW, null));
    expect(first.entries.map(({ id, at }) => [id, at])).toEqual([['deposit.4', WINDOW.from + 5]]);
    expect(first.ignored).toEqual([{ id: 'deposit.5', reason: 'pending' }]);

    // Credited in the next hour, without a word of when: it cannot have been before that hour.
    deposits[1] = { ...row, status: 1 };
    const next = { from: WINDOW.to, to: WINDOW.to + HOUR };
    const second = await withSession((session) => session.fetch(next, first.cursor));
    expect(second.entries.map(({ id, at }) => [id, at])).toEqual([['deposit.5', next.from]]);
    const overlapping = { from: WINDOW.to, to: WINDOW.to + 2 * HOUR };
    const third = await withSession((session) => session.fetch(overlapping, second.cursor));
    expect(third.entries).toEqual(second.entries);
  });

  test('a transfer across the edge of the perimeter as a flow', async () => {
    routes.set('/sapi/v1/asset/transfer', (query) =>
      query.get('type') === 'MAIN_MARGIN'
        ? { total: 1, rows: [transfer('MAIN_MARGIN', WINDOW.from)] }
        : { total: 0 },
    );
    const { entries } = await withSession((session) => session.fetch(WINDOW, null));
    expect(entries.map(({ kind, postings }) => [kind, postings.length])).toEqual([['flow', 1]]);
  });

  test('closes of hours and minutes, and the legs of an asset without a pair', async () => {
    const kline: Route = (query) => {
      const [open, interval] = [Number(query.get('startTime')), query.get('interval')];
      const length = interval === '1h' ? HOUR : 60_000;
      return [
        [open, '1', '1', '1', `${open / 1000}.50`, '1', open + length - 1, '1', 1, '1', '1', '0'],
      ];
    };
    routes.set('/api/v3/klines', kline);
    routes.set('/fapi/v1/markPriceKlines', kline);
    const at = NOW - 30_000;
    const { prices, marks } = await binance.prices(
      [
        { kind: 'asset', name: 'DCR', currency: 'USDT', at },
        { kind: 'asset', name: 'BTC', currency: 'USDT', at: at + 1 },
        { kind: 'mark', name: 'BTC/USDT:USDT', currency: 'USDT', at },
        { kind: 'asset', name: 'ETH', currency: 'USDT', at: NOW + 30_000 },
      ],
      context(),
    );
    const told = prices.map(({ asset, price }) => `${asset} ${formatDecimal(price)}`);
    expect(told.toSorted((left, right) => (left < right ? -1 : 1))).toEqual([
      `BTC ${(at - HOUR) / 1000}.50`,
      `BTC ${(at - 60_000) / 1000}.50`,
      `DCR ${(at - HOUR) / 1000}.50`,
    ]);
    expect(marks.map(({ price }) => formatDecimal(price))).toEqual([`${(at - HOUR) / 1000}.50`]);
  });
});

describe('refuses', () => {
  const at = WINDOW.from + 60_000;
  test.each<[string, Code, Record<string, unknown>]>([
    [
      'an income type nobody knows',
      'VENUE_UNEXPECTED_SHAPE',
      { '/fapi/v1/income': [income('NEW_TYPE', '1', at, '1')] },
    ],
    [
      'a commission without its fill',
      'VENUE_INCOMPLETE',
      { '/fapi/v1/income': [income('COMMISSION', '-1', at, '1', '900')] },
    ],
    [
      'a deposit status nobody knows',
      'VENUE_UNEXPECTED_SHAPE',
      {
        '/sapi/v1/capital/deposit/hisrec': [
          { id: '5', amount: '1', coin: 'ETH', insertTime: at, status: 99 },
        ],
      },
    ],
    ['balances without balances', 'VENUE_UNEXPECTED_SHAPE', { '/api/v3/account': { uid: 1 } }],
    [
      'a balance that is null',
      'VENUE_UNEXPECTED_SHAPE',
      { '/fapi/v3/account': { assets: [{ asset: 'USDT', walletBalance: null }] } },
    ],
    [
      'a list where an object is due',
      'VENUE_UNEXPECTED_SHAPE',
      { '/sapi/v1/asset/assetDividend': [] },
    ],
    [
      'a key without the futures permission',
      'VENUE_SCOPE_MISSING',
      { '/fapi/v3/account': { status: 401, body: '{"code":-2015,"msg":""}' } },
    ],
    [
      'one feed that fails',
      'VENUE_UNAVAILABLE',
      { '/sapi/v1/asset/dribblet': { status: 500, body: '<html>' } },
    ],
  ])('%s: %s', async (_name, code, told) => {
    for (const [path, json] of Object.entries(told)) routes.set(path, () => json);
    await withSession(async (session) => {
      expect(await refusalOf(session.fetch(WINDOW, null))).toBe(code);
    });
  });

  test('a window older than what the venue serves: VENUE_INCOMPLETE', async () => {
    const old = { from: NOW - 91 * 24 * HOUR, to: NOW };
    await withSession(async (session) => {
      expect(await refusalOf(session.fetch(old, null))).toBe('VENUE_INCOMPLETE');
    });
  });

  test('a history that no longer has the fill we ended at: VENUE_INCOMPLETE', async () => {
    const fills = { BTCUSDT: { id: '7', at: WINDOW.from - 1 } };
    const cursor = JSON.stringify({ version: 1, fills, held: [], pending: {}, settled: {} });
    routes.set('/api/v3/myTrades', fillsByPage([spotRow(8, at)]));
    await withSession(async (session) => {
      expect(await refusalOf(session.fetch(WINDOW, cursor))).toBe('VENUE_INCOMPLETE');
    });
  });

  test('a cursor that is not ours: STORE_ROW_UNTRUSTED', async () => {
    await withSession(async (session) => {
      const fetched = session.fetch(WINDOW, '{"version":2,"fills":{},"pending":{},"settled":{}}');
      expect(await refusalOf(fetched)).toBe('STORE_ROW_UNTRUSTED');
    });
  });
});

describe('holds', () => {
  test('the window is half-open: its first millisecond in, its last out', async () => {
    const times = [WINDOW.from - 1, WINDOW.from, WINDOW.to - 1, WINDOW.to];
    routes.set('/api/v3/myTrades', fillsByPage(times.map((time, id) => spotRow(id + 1, time))));
    const { entries } = await withSession((session) => session.fetch(WINDOW, null));
    expect(idsOf(entries)).toEqual(['spot-trade.BTCUSDT.2', 'spot-trade.BTCUSDT.3']);
  });

  test('a failed wallet is not zero', async () => {
    routes.set('/sapi/v1/asset/get-funding-asset', () => ({ status: 500, body: '' }));
    await withSession(async (session) => {
      expect(await refusalOf(session.observe())).toBe('VENUE_UNAVAILABLE');
    });
  });

  test.each([
    ['enableWithdrawals', { trade: false, withdraw: true }],
    ['enableInternalTransfer', { trade: false, withdraw: true }],
    ['permitsUniversalTransfer', { trade: false, withdraw: true }],
    ['enableSpotAndMarginTrading', { trade: true, withdraw: false }],
    ['enableSomethingNew', { trade: true, withdraw: false }],
    ['enableFixReadOnly', { trade: false, withdraw: false }],
  ])('%s set is what it lets a key do', (name, expected) => {
    const row = { enableReading: true, ipRestrict: false, enableWithdrawals: false, [name]: true };
    expect(readPermissions(row)).toEqual({ read: true, ipRestricted: false, ...expected });
  });
});
