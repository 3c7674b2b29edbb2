import { createHmac } from 'node:crypto';
import { request } from 'node:http';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { fakeClock } from '../fake-clock.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
import { HOUR_MS, MINUTE_MS } from '../scenario/prices.ts';
import { text, units } from '../scenario/units.ts';
import type { Units } from '../scenario/units.ts';
import type { FaultKind } from '../simulator/faults.ts';
import { startBinanceSimulator } from './simulator.ts';
import type { BinanceSimulator } from './simulator.ts';

const DAY_MS = 24 * HOUR_MS;
const scenario = buildScenario({
  seed: 7,
  start: Date.UTC(2026, 7, 1),
  hours: 45 * 24,
  fills: 4_000,
});
const END = scenario.end + 7 * MINUTE_MS;
const clock = fakeClock(END);
const SPOT = 'api.binance.com';
const FUTURES = 'fapi.binance.com';
let venue: BinanceSimulator;

beforeAll(async () => {
  venue = await startBinanceSimulator({
    scenario,
    now: clock.now,
    limits: { api: 1e9, 'sapi-ip': 1e9, 'sapi-uid': 1e9, fapi: 1e9 },
  });
});
afterAll(async () => venue.close());
afterEach(() => {
  clock.set(END);
  venue.faults.clear();
});

type Params = Readonly<Record<string, string | number>>;
type Row = Readonly<Record<string, unknown>>;

interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function hostOf(path: string): string {
  return path.startsWith('/fapi') ? FUTURES : SPOT;
}

async function send(
  method: string,
  url: string,
  headers: Record<string, string>,
  port = venue.port,
  timeout = 5_000,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, method, path: url, headers, timeout },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const body = Buffer.concat(parts).toString('utf8');
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error('timed out')));
    call.on('error', reject);
    call.end();
  });
}

/** Signed by hand, as the venue's documentation says. */
async function ask(path: string, params: Params = {}, method = 'GET', timeout?: number) {
  const pairs = Object.entries({ ...params, recvWindow: 5_000, timestamp: clock.now() });
  const query = pairs.map(([name, value]) => `${name}=${value}`).join('&');
  const signature = createHmac('sha256', scenario.credentials.secret).update(query).digest('hex');
  const headers = { host: hostOf(path), 'x-mbx-apikey': scenario.credentials.apiKey };
  return send(method, `${path}?${query}&signature=${signature}`, headers, venue.port, timeout);
}

/** Integers beyond 2^53 become strings, every digit kept. */
function parse<Shape>(body: string): Shape {
  const exact = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) ? context?.source : value;
  return JSON.parse(body, exact);
}

async function rows(path: string, params: Params = {}, method = 'GET'): Promise<readonly Row[]> {
  const reply = await ask(path, params, method);
  expect([reply.status, reply.body.slice(0, 200)]).toEqual([200, expect.anything()]);
  return parse(reply.body);
}

async function tradesById(path: string, symbol: string, limit = 1_000): Promise<readonly Row[]> {
  const result: Row[] = [];
  for (let fromId = 0; ; fromId = Number(result.at(-1)?.['id']) + 1) {
    const page = await rows(path, { symbol, fromId, limit });
    result.push(...page);
    if (page.length < limit) return result;
  }
}

async function publicRows(path: string): Promise<readonly (readonly unknown[])[]> {
  return parse((await send('GET', path, { host: hostOf(path) })).body);
}

const SPOT_SYMBOLS = scenario.markets
  .filter(({ perpetual }) => !perpetual)
  .map(({ base, quote }) => [base, quote] as const);

describe('accepts', () => {
  test('types are Binance’s: amounts are strings, ids bare integers', async () => {
    const [trade] = await rows('/api/v3/myTrades', { symbol: 'BTCUSDT', fromId: 0 });
    expect(trade).toEqual({
      symbol: 'BTCUSDT',
      id: expect.any(Number),
      orderId: expect.any(Number),
      orderListId: -1,
      price: expect.stringMatching(/^\d+\.\d{8}$/),
      qty: expect.stringMatching(/^\d+\.\d{8}$/),
      quoteQty: expect.stringMatching(/^\d+\.\d{8}$/),
      commission: expect.stringMatching(/^\d+\.\d{8}$/),
      commissionAsset: expect.any(String),
      time: expect.any(Number),
      isBuyer: expect.any(Boolean),
      isMaker: expect.any(Boolean),
      isBestMatch: true,
    });
    const income = await ask('/fapi/v1/income', { startTime: scenario.start, limit: 1_000 });
    expect(income.body).toMatch(/"tranId":90071992\d{8},"tradeId":"\d*"/);
  });

  test('thousands of trades by id, in pages of one thousand', async () => {
    const all = await tradesById('/api/v3/myTrades', 'BTCUSDT');
    const fills = scenario.events.filter(
      (event) => event.kind === 'spot-fill' && event.market === 'BTC/USDT',
    );
    expect(all.length).toBe(fills.length);
    expect(all.length).toBeGreaterThan(1_000);
    expect(await tradesById('/api/v3/myTrades', 'BTCUSDT', 7)).toEqual(all);
  });

  test('without window or id the latest rows come, still ascending', async () => {
    const all = await tradesById('/api/v3/myTrades', 'ETHUSDT');
    expect(await rows('/api/v3/myTrades', { symbol: 'ETHUSDT', limit: 3 })).toEqual(all.slice(-3));
    const week = await rows('/fapi/v1/userTrades', { symbol: 'BTCUSDT' });
    expect(week.every(({ time }) => Number(time) >= END - 7 * DAY_MS)).toBe(true);
    expect(week.length).toBeGreaterThan(0);
  });

  test('a futures window of seven days after a start alone', async () => {
    const startTime = scenario.start + 10 * DAY_MS;
    const page = await rows('/fapi/v1/userTrades', { symbol: 'BTCUSDT', startTime, limit: 1_000 });
    const times = page.map(({ time }) => Number(time));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(startTime);
    expect(Math.max(...times)).toBeLessThanOrEqual(startTime + 7 * DAY_MS);
  });

  test('only what has happened is seen', async () => {
    const fill = scenario.events.findLast(({ kind }) => kind === 'spot-fill');
    if (fill?.kind !== 'spot-fill') throw new Error('no fill');
    const query = { symbol: fill.market.replace('/', ''), limit: 1 };
    clock.set(fill.at - 1);
    const before = await rows('/api/v3/myTrades', query);
    clock.set(fill.at);
    const after = await rows('/api/v3/myTrades', query);
    expect(after[0]?.['id']).toBe(Number(fill.tradeId));
    expect(before[0]?.['id']).not.toBe(Number(fill.tradeId));
  });

  test('a pending deposit settles later, another never', async () => {
    const late = scenario.events.find(
      (event) => event.kind === 'deposit' && event.at > event.seenAt,
    );
    if (late?.kind !== 'deposit') throw new Error('no pending deposit');
    const status = async (): Promise<unknown[]> => {
      const page = await rows('/sapi/v1/capital/deposit/hisrec', { coin: 'USDC' });
      return page.map((row) => [row['status'], row['completeTime']]);
    };
    clock.set(late.seenAt - 1);
    expect(await status()).toEqual([]);
    clock.set(late.at - 1);
    expect(await status()).toEqual([[0, undefined]]);
    clock.set(late.at);
    expect(await status()).toEqual([[6, late.at]]);
    clock.set(late.unlockedAt);
    expect(await status()).toEqual([[1, late.at]]);
    clock.set(END);
    expect(await rows('/sapi/v1/capital/deposit/hisrec', { status: 0 })).toHaveLength(1);
  });

  test('candles end with the unfinished one, and minutes add up to hours', async () => {
    clock.set(END + 30_000);
    const hours = await publicRows('/api/v3/klines?symbol=BTCUSDT&interval=1h&limit=2');
    expect(hours.map(([openTime]) => openTime)).toEqual([scenario.end - HOUR_MS, scenario.end]);
    const minutes = await publicRows(
      `/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=${scenario.end - HOUR_MS}&limit=60`,
    );
    expect(minutes.at(-1)?.[4]).toBe(hours[0]?.[4]);
    expect(minutes[0]?.[1]).toBe(hours[0]?.[1]);
    const marks = await publicRows(
      `/fapi/v1/markPriceKlines?symbol=BTCUSDT&interval=1h&endTime=${scenario.end - 1}&limit=1`,
    );
    expect(marks[0]?.[4]).toBe(text(scenario.prices.at('BTC/USDT:USDT mark', scenario.end)));
  });

  test('transfers by type and page, dividends, dust, convert, snapshots', async () => {
    const page = async (current: number): Promise<{ total: number; rows: Row[] }> =>
      parse(
        (
          await ask('/sapi/v1/asset/transfer', {
            type: 'MAIN_UMFUTURE',
            startTime: scenario.start,
            size: 3,
            current,
          })
        ).body,
      );
    const [first, second] = [await page(1), await page(2)];
    expect([first.total, first.rows.length, second.rows.length]).toEqual([4, 3, 1]);
    expect(first.rows[0]?.['tranId']).toMatch(/^90071992\d{8}$/);
    const dividends: { rows: Row[]; total: number } = parse(
      (await ask('/sapi/v1/asset/assetDividend')).body,
    );
    expect(dividends.rows).toHaveLength(20);
    expect(dividends.total).toBeGreaterThan(40);
    expect((await ask('/sapi/v1/asset/dribblet')).body).toMatch(/"fromAsset":"SOL"/);
    const [startTime, endTime] = [scenario.end - 30 * DAY_MS, scenario.end];
    const convert = (await ask('/sapi/v1/convert/tradeFlow', { startTime, endTime })).body;
    expect(convert).toMatch(/"orderId":940708407\d{9},/);
    const pictures: { snapshotVos: Row[] } = parse(
      (await ask('/sapi/v1/accountSnapshot', { type: 'SPOT', limit: 30 })).body,
    );
    expect(pictures.snapshotVos).toHaveLength(30);
  });

  test('the permission snapshot is what the owner set', async () => {
    venue.setPermissions({ enableWithdrawals: true, ipRestrict: false });
    const reply = await ask('/sapi/v1/account/apiRestrictions');
    expect(parse(reply.body)).toMatchObject({ enableWithdrawals: true, ipRestrict: false });
    venue.setPermissions({ enableWithdrawals: false, ipRestrict: true });
  });
});

describe('refuses', () => {
  const { apiKey } = scenario.credentials;
  const unsigned = (path: string, headers: Record<string, string> = {}): Promise<Reply> =>
    send('GET', path, { host: hostOf(path), ...headers });
  const account = '/api/v3/account';
  const stamp = (at: number): string => `${account}?timestamp=${at}&signature=00`;

  test.each<[string, number, number, () => Promise<Reply>]>([
    ['no key', 401, -2014, () => unsigned(stamp(END))],
    ['a malformed key', 401, -2014, () => unsigned(stamp(END), { 'x-mbx-apikey': 'short' })],
    ['an unknown key', 401, -2015, () => unsigned(stamp(END), { 'x-mbx-apikey': 'k'.repeat(64) })],
    ['no timestamp', 400, -1102, () => unsigned(account, { 'x-mbx-apikey': apiKey })],
    ['a late clock', 400, -1021, () => unsigned(stamp(END - 5_001), { 'x-mbx-apikey': apiKey })],
    ['an early clock', 400, -1021, () => unsigned(stamp(END + 1_000), { 'x-mbx-apikey': apiKey })],
    ['a wrong signature', 400, -1022, () => unsigned(stamp(END), { 'x-mbx-apikey': apiKey })],
    ['trades without a symbol', 400, -1102, () => ask('/api/v3/myTrades')],
    ['an unknown symbol', 400, -1121, () => ask('/api/v3/myTrades', { symbol: 'ABCXYZ' })],
    [
      'spot trades of more than a day',
      400,
      -1127,
      () => ask('/api/v3/myTrades', { symbol: 'BTCUSDT', startTime: 0, endTime: DAY_MS + 1 }),
    ],
    [
      'an id with a window',
      400,
      -1128,
      () => ask('/api/v3/myTrades', { symbol: 'BTCUSDT', fromId: 1, startTime: 5 }),
    ],
    [
      'futures trades of more than a week',
      400,
      -4166,
      () => ask('/fapi/v1/userTrades', { symbol: 'BTCUSDT', startTime: 0, endTime: 8 * DAY_MS }),
    ],
    [
      'deposits of more than 90 days',
      400,
      -4047,
      () => ask('/sapi/v1/capital/deposit/hisrec', { startTime: 0, endTime: 91 * DAY_MS }),
    ],
    ['transfers without a type', 400, -1102, () => ask('/sapi/v1/asset/transfer')],
    ['too large a page', 400, -1130, () => ask('/fapi/v1/income', { limit: 1_001 })],
    ['a limit that is no number', 400, -1100, () => ask('/fapi/v1/income', { limit: 'ten' })],
  ])('%s', async (_name, status, code, call) => {
    const reply = await call();
    expect([reply.status, parse<Row>(reply.body)['code']]).toEqual([status, code]);
  });

  test('futures paths on the spot host', async () => {
    expect((await send('GET', '/fapi/v1/time', { host: SPOT })).status).toBe(404);
  });

  test('more weight than a minute has, then a ban', async () => {
    const limitClock = fakeClock(END);
    const busy = await startBinanceSimulator({
      scenario,
      now: clock.now,
      limits: { api: 41, refusedBeforeBan: 1 },
      limitClock: limitClock.now,
    });
    const info = (): Promise<Reply> =>
      send('GET', '/api/v3/exchangeInfo', { host: SPOT }, busy.port);
    const first = await info();
    expect([first.status, first.headers['x-mbx-used-weight-1m']]).toEqual([200, '20']);
    await info();
    const refused = await info();
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60']);
    expect((await info()).status).toBe(418);
    limitClock.advance(MINUTE_MS);
    expect((await info()).status).toBe(418);
    limitClock.advance(MINUTE_MS);
    expect((await info()).status).toBe(200);
    await busy.close();
  });

  test.each<[FaultKind, number]>([
    [{ kind: 'http-429', retryAfterS: 7 }, 429],
    [{ kind: 'http-429', retryAfterS: null }, 429],
    [{ kind: 'http-418', retryAfterS: 120 }, 418],
    [{ kind: 'http-403-html' }, 403],
    [{ kind: 'http-451' }, 451],
    [{ kind: 'http-500' }, 500],
    [{ kind: 'http-503' }, 503],
    [{ kind: 'maintenance' }, 503],
    [{ kind: 'wrong-key' }, 401],
    [{ kind: 'skewed-clock' }, 400],
    [{ kind: 'html-200' }, 200],
  ])('on demand, once: %j', async (fault, status) => {
    venue.faults.add({ ...fault, endpoint: 'GET /api/v3/account', after: 1, times: 1 });
    expect((await ask(account)).body).toMatch(/^\{"makerCommission"/);
    const hit = await ask(account);
    expect(hit.status).toBe(status);
    expect(hit.body).not.toMatch(/^\{"makerCommission"/);
    const retryAfter = 'retryAfterS' in fault ? (fault.retryAfterS ?? undefined) : undefined;
    expect(hit.headers['retry-after']).toBe(retryAfter?.toString());
    expect((await ask(account)).body).toMatch(/^\{"makerCommission"/);
  });

  test('broken bodies: cut, stalled, huge, and no answer at all', async () => {
    const endpoint = 'GET /api/v3/account';
    venue.faults.add({ kind: 'cut-body', endpoint, times: 1 });
    await expect(ask(account)).rejects.toThrow(/aborted/);
    venue.faults.add({ kind: 'stalled-body', endpoint, times: 1 });
    await expect(ask(account, {}, 'GET', 150)).rejects.toThrow();
    venue.faults.add({ kind: 'hang', endpoint, times: 1 });
    await expect(ask(account, {}, 'GET', 150)).rejects.toThrow('timed out');
    venue.faults.add({ kind: 'huge-body', sizeBytes: 3_000_000, endpoint, times: 1 });
    expect((await ask(account)).body).toHaveLength(3_000_000);
  });
});

describe('holds', () => {
  test('pages with faults: duplicated, reversed, empty, dropped and late rows', async () => {
    const endpoint = 'GET /api/v3/myTrades';
    const all = await tradesById('/api/v3/myTrades', 'ETHUSDT');
    const query = { symbol: 'ETHUSDT', fromId: 0, limit: 1_000 };
    const faulty = async (fault: FaultKind): Promise<readonly Row[]> => {
      venue.faults.clear();
      venue.faults.add({ ...fault, endpoint, match: 'symbol=ETHUSDT' });
      return rows('/api/v3/myTrades', query);
    };
    expect(await faulty({ kind: 'empty-page' })).toEqual([]);
    expect(await faulty({ kind: 'reversed-rows' })).toEqual(all.toReversed());
    expect(await faulty({ kind: 'duplicate-rows' })).toEqual([...all, all.at(-1)]);
    expect(await faulty({ kind: 'dropped-row', row: 3 })).toEqual(all.toSpliced(3, 1));
    expect(await faulty({ kind: 'late-row', row: 5, until: END + 1 })).toEqual(all.toSpliced(5, 1));
    clock.set(END + 1);
    expect(await rows('/api/v3/myTrades', query)).toEqual(all);
  });

  test('every balance is the sum of what the endpoints tell', async () => {
    const spot = new Map<string, Units>();
    const futures = new Map<string, Units>();
    const move = (wallet: Map<string, Units>, asset: unknown, amount: unknown, sign = 1n): void => {
      wallet.set(String(asset), (wallet.get(String(asset)) ?? 0n) + sign * units(String(amount)));
    };
    for (const [base, quote] of SPOT_SYMBOLS) {
      for (const row of await tradesById('/api/v3/myTrades', base + quote)) {
        const sign = row['isBuyer'] === true ? 1n : -1n;
        move(spot, base, row['qty'], sign);
        move(spot, quote, row['quoteQty'], -sign);
        move(spot, row['commissionAsset'], row['commission'], -1n);
      }
    }
    for (const row of await rows('/sapi/v1/capital/deposit/hisrec')) {
      if (row['status'] === 1) move(spot, row['coin'], row['amount']);
    }
    for (const row of await rows('/sapi/v1/capital/withdraw/history')) {
      if (row['status'] !== 6) continue;
      move(spot, row['coin'], row['amount'], -1n);
      move(spot, row['coin'], row['transactionFee'], -1n);
    }
    for (const type of ['MAIN_UMFUTURE', 'MAIN_FUNDING', 'UMFUTURE_MAIN', 'FUNDING_MAIN']) {
      const reply = await ask('/sapi/v1/asset/transfer', { type, startTime: 0, size: 100 });
      const sign = type.startsWith('MAIN') ? -1n : 1n;
      for (const row of parse<{ rows: Row[] }>(reply.body).rows) {
        move(spot, row['asset'], row['amount'], sign);
      }
    }
    const dividends = await ask('/sapi/v1/asset/assetDividend', { limit: 500 });
    for (const row of parse<{ rows: Row[] }>(dividends.body).rows) {
      move(spot, row['asset'], row['amount']);
    }
    const dust = parse<{ userAssetDribblets: { userAssetDribbletDetails: Row[] }[] }>(
      (await ask('/sapi/v1/asset/dribblet')).body,
    );
    for (const row of dust.userAssetDribblets.flatMap((log) => log.userAssetDribbletDetails)) {
      move(spot, row['fromAsset'], row['amount'], -1n);
      move(spot, 'BNB', row['transferedAmount']);
    }
    const window = { startTime: scenario.end - 30 * DAY_MS, endTime: scenario.end };
    const convert = await ask('/sapi/v1/convert/tradeFlow', window);
    for (const row of parse<{ list: Row[] }>(convert.body).list) {
      move(spot, row['fromAsset'], row['fromAmount'], -1n);
      move(spot, row['toAsset'], row['toAmount']);
    }
    for (let page = 1; ; page += 1) {
      const income = await rows('/fapi/v1/income', { startTime: 0, limit: 1_000, page });
      for (const row of income) move(futures, row['asset'], row['income']);
      if (income.length < 1_000) break;
    }
    const account = parse<{ balances: Row[] }>((await ask('/api/v3/account')).body);
    for (const { asset, free } of account.balances) {
      expect([asset, text(spot.get(String(asset)) ?? 0n)]).toEqual([asset, free]);
    }
    const wallet = parse<{ assets: Row[] }>((await ask('/fapi/v3/account')).body);
    for (const { asset, walletBalance } of wallet.assets) {
      expect([asset, text(futures.get(String(asset)) ?? 0n)]).toEqual([asset, walletBalance]);
    }
  });

  test('requests are counted per endpoint', async () => {
    const before = venue.requests.get('GET /fapi/v2/positionRisk') ?? 0;
    await rows('/fapi/v2/positionRisk');
    expect(venue.requests.get('GET /fapi/v2/positionRisk')).toBe(before + 1);
  });
});
