// A Bitget that answers on this machine: the scenario's account told by the financial records and
// fills of a unified account, in the words of bitget.com/api-doc/uta. The scenario's three wallets
// are one here. A unified account has no type of its own for gifts, which are told as what a risk
// fund gives; a network's fee is charged by a record of its own. For tests; outside the trusted
// base.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { balance } from '../scenario/book.ts';
import type { Scenario } from '../scenario/build-scenario.ts';
import type { FuturesFill, ScenarioEvent, SpotFill } from '../scenario/events.ts';
import { markSeries, type Market } from '../scenario/markets.ts';
import { HOUR_MS, MINUTE_MS } from '../scenario/prices.ts';
import { plainText, roundedQuotient, text, type Units } from '../scenario/units.ts';
import { cutPage, Refusal, served, type FaultWords } from '../simulator/faults.ts';
import type { Json } from '../simulator/json.ts';
import type { Simulator } from '../simulator/server.ts';
import {
  startTable,
  wrapped,
  type Endpoints,
  type SimulatorOptions,
  type VenueCall,
  type VenueRequest,
} from '../simulator/table.ts';

export const BITGET_PASSPHRASE = 'Scenario-passphrase-1';
/** A request is stale after this long. */
const CLOCK_MS = 30_000;
const DAY_MS = 24 * HOUR_MS;
const HISTORY_MS = 90 * DAY_MS;
const SPAN_MS = 30 * DAY_MS;
const PAGE_MAX = 100;
const BARS_MS: Readonly<Record<string, number>> = { '1m': MINUTE_MS, '1H': HOUR_MS };

interface Listed {
  readonly id: bigint;
  readonly at: number;
  readonly category: string;
  readonly row: Readonly<Record<string, Json>>;
}

export function startBitgetSimulator(options: SimulatorOptions): Promise<Simulator> {
  const endpoints = [marketEndpoints, accountEndpoints];
  return startTable({ hosts: ['api.bitget.com'], words, checkSigned, endpoints }, options);
}

const { open, signed } = wrapped((data, { now }) => ({
  code: '00000',
  msg: 'success',
  requestTime: now,
  data,
}));

function marketEndpoints(scenario: Scenario): Endpoints {
  return {
    'GET /api/v2/public/time': open(({ now }) => ({ serverTime: String(now) })),
    'GET /api/v3/market/instruments': open(({ params }) =>
      scenario.markets
        .filter((market) => categoryOf(market.symbol) === params.get('category'))
        .map(instrument),
    ),
    'GET /api/v3/market/history-candles': open((call) => candles(call, scenario)),
  };
}

function accountEndpoints(scenario: Scenario): Endpoints {
  const { records, fills } = rowsOf(scenario);
  const bookAt = scenario.readBook();
  const heldAt = (now: number, asset: string): Units =>
    (['spot', 'funding', 'futures'] as const).reduce(
      (sum, name) => sum + balance(bookAt(now), name, asset),
      0n,
    );
  return {
    'GET /api/v3/account/info': signed(() => ({
      uid: '123456789',
      inviterId: '',
      parentId: '',
      channel: 'official',
      ips: '',
      permType: 'read-only',
      permissions: ['uta_mgt', 'uta_trade'],
      regisTime: '1704067200000',
    })),
    'GET /api/v3/account/assets': signed(({ now }) => ({
      assets: scenario.assets
        .map((coin) => ({ coin, balance: plainText(heldAt(now, coin)), debt: '0', locked: '0' }))
        .filter((row) => row.balance !== '0'),
    })),
    'GET /api/v3/position/current-position': signed(({ now, params }) => ({
      list: [...bookAt(now).positions]
        .filter(([, { contracts }]) => contracts !== 0n)
        .filter(([market]) => categoryOf(market) === params.get('category'))
        .map(([market, { contracts, cost }]) => ({
          category: categoryOf(market),
          symbol: idOf(market),
          holdMode: 'one_way_mode',
          posSide: contracts < 0n ? 'short' : 'long',
          total: plainText(contracts < 0n ? -contracts : contracts),
          avgPrice: plainText(roundedQuotient(cost, contracts)),
        })),
    })),
    'GET /api/v3/account/financial-records': signed((call) => listPage(call, records)),
    'GET /api/v3/trade/fills': signed((call) => listPage(call, fills)),
  };
}

function refusal(status: number, code: string, msg: string): Refusal {
  return new Refusal(status, JSON.stringify({ code, msg, requestTime: 0, data: null }));
}

const words: FaultWords = {
  'http-429': () => refusal(429, '429', 'Too Many Requests'),
  'http-451': () => new Refusal(451, '<html></html>'),
  'http-500': () => refusal(500, '40015', 'System is abnormal, please try again later'),
  maintenance: () => refusal(200, '40200', 'Server upgrade, please try again later'),
  'wrong-key': () => refusal(400, '40037', 'Apikey does not exist'),
  'skewed-clock': () => refusal(400, '40008', 'Request timestamp expired'),
};

/** HMAC-SHA256 in base64 over time, method, path with query, and body. */
function checkSigned(
  { method, url, body, headers, now }: VenueRequest,
  { credentials: { apiKey, secret } }: Scenario,
): void {
  const header = (name: string): string => String(headers[`access-${name}`] ?? '');
  if (header('key') !== apiKey) throw refusal(400, '40037', 'Apikey does not exist');
  if (!(Math.abs(now - Number(header('timestamp'))) <= CLOCK_MS)) {
    throw refusal(400, '40008', 'Request timestamp expired');
  }
  const told = header('timestamp') + method + url + body;
  const expected = createHmac('sha256', secret).update(told).digest();
  const given = Buffer.from(header('sign'), 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw refusal(400, '40009', 'sign signature error');
  }
  if (header('passphrase') !== BITGET_PASSPHRASE) {
    throw refusal(400, '40012', 'apikey/password is incorrect');
  }
}

/** Newest first, both ends included; the cursor is the last row's id. */
function listPage({ params, faults, now }: VenueCall, rows: readonly Listed[]): Json {
  const [from, to] = [Number(params.get('startTime')), Number(params.get('endTime') ?? now)];
  if (from < now - HISTORY_MS) throw refusal(400, '25200', 'time range illegal');
  if (to - from > SPAN_MS) throw refusal(400, '00001', 'interval cannot be greater than 30 days');
  const limit = Math.min(Number(params.get('limit') ?? PAGE_MAX), PAGE_MAX);
  const cursor = params.get('cursor');
  const past = rows.filter(({ at }) => at <= now);
  const listed = served(faults, past, now)
    .filter(({ category }) => category === params.get('category'))
    .filter(({ at, id }) => at >= from && at <= to && (cursor === null || id < BigInt(cursor)));
  const page = cutPage(faults, listed.toReversed(), 0, limit);
  const last = page.reduce((least, { id }) => (id < least ? id : least), page[0]?.id ?? 0n);
  return {
    list: page.length === 0 ? null : page.map(({ row }) => row),
    cursor: page.length === 0 ? null : String(last),
  };
}

/** Newest first: start, open, high, low, close, volume, turnover. */
function candles({ params, now, faults }: VenueCall, { markets, prices }: Scenario): Json {
  const bar = BARS_MS[params.get('interval') ?? ''];
  const market = markets.find(
    ({ symbol }) =>
      idOf(symbol) === params.get('symbol') && categoryOf(symbol) === params.get('category'),
  );
  if (market === undefined || bar === undefined) throw refusal(400, '40019', 'Parameter error');
  const series = params.get('type') === 'MARK' ? markSeries(market.symbol) : market.symbol;
  const from = Math.max(Number(params.get('startTime')), prices.firstCandle);
  const to = Math.min(Number(params.get('endTime')), now + 1);
  const rows: Json[] = [];
  for (let at = Math.floor((to - 1) / bar) * bar; at >= from && rows.length < PAGE_MAX; at -= bar) {
    const { open: opened, high, low, close, volume } = prices.candle(series, at, bar, now);
    const columns = [opened, high, low, close, volume, 0n].map((each) => text(each));
    rows.push([String(at), ...columns]);
  }
  return cutPage(faults, rows, 0, PAGE_MAX);
}

function instrument({ symbol, base, quote, tickDigits, lotDigits, perpetual }: Market): Json {
  return {
    symbol: idOf(symbol),
    category: categoryOf(symbol),
    baseCoin: base,
    quoteCoin: quote,
    pricePrecision: String(tickDigits),
    quantityPrecision: String(lotDigits),
    ...(perpetual ? { type: 'perpetual' } : {}),
    status: 'online',
  };
}

interface Rows {
  readonly records: Listed[];
  readonly fills: Listed[];
}

type Book = (
  asset: string,
  type: string,
  amount: Units,
  more?: { readonly fee?: Units; readonly market?: string; readonly category?: string },
) => void;

/** Every row of the scenario, oldest first, as Bitget would have booked it. */
function rowsOf({ events }: Scenario): Rows {
  const rows: Rows = { records: [], fills: [] };
  const balances = new Map<string, Units>();
  let id = 1_311_111_111_111_111_100n;
  for (const event of events) {
    const book: Book = (coin, type, amount, { fee = 0n, market, category = 'OTHER' } = {}) => {
      const after = (balances.get(coin) ?? 0n) + amount + fee;
      balances.set(coin, after);
      id += 11n;
      const told = market === undefined ? category : categoryOf(market);
      const row = {
        category: told,
        id: String(id),
        symbol: market === undefined ? '' : idOf(market),
        coin,
        type,
        amount: plainText(amount),
        fee: plainText(fee),
        balance: plainText(after),
        ts: String(event.at),
      };
      rows.records.push({ id, at: event.at, category: told, row });
    };
    bookEvent(event, book, rows.fills);
  }
  return rows;
}

const REWARD_TYPES = {
  interest: 'INTEREST_SETTLEMENT_OUT',
  airdrop: 'LIQ_FUND_IN',
  rebate: 'RISK_LIQ_USER_IN',
} as const;

function bookEvent(event: ScenarioEvent, book: Book, fills: Listed[]): void {
  switch (event.kind) {
    case 'spot-fill':
      bookSpotFill(event, book);
      break;
    case 'futures-fill':
      bookFuturesFill(event, book, fills);
      break;
    case 'funding': {
      const direction = event.amount < 0n ? 'OUT' : 'IN';
      const type = `CONTRACT_MAIN_SETTLE_FEE_USER_${direction}`;
      book(event.asset, type, event.amount, { market: event.market });
      break;
    }
    case 'deposit':
      if (event.credited) book(event.asset, 'TRANSFER_IN', event.amount);
      break;
    case 'withdrawal':
      if (event.cancelled) break;
      book(event.asset, 'ORDER_PLF_FEE_OUT', 0n, { fee: -event.networkFee });
      book(event.asset, 'TRANSFER_OUT', -event.amount);
      break;
    case 'transfer':
      break;
    case 'reward':
      book(event.asset, REWARD_TYPES[event.cause], event.amount);
      break;
    case 'dust':
      for (const part of event.parts) {
        book(part.asset, 'SMALL_ASSET_SOURCE_TOKEN_USER_OUT', -part.amount);
        book(event.toAsset, 'SMALL_ASSET_TARGET_TOKEN_USER_IN', part.received);
      }
      break;
    case 'conversion':
      book(event.fromAsset, 'EXCHANGE_SOURCE_TOKEN_USER_OUT', -event.fromAmount);
      book(event.toAsset, 'EXCHANGE_TARGET_TOKEN_USER_IN', event.toAmount);
      break;
  }
}

/** A record for each asset of the pair, and one for a fee in another asset. */
function bookSpotFill({ market, side, fee, feeAsset, quantity, quote }: SpotFill, book: Book) {
  const [base = '', counter = ''] = market.split('/');
  const isBuy = side === 'buy';
  const legs: [string, Units][] = [
    [isBuy ? counter : base, isBuy ? -quote : -quantity],
    [isBuy ? base : counter, isBuy ? quantity : quote],
  ];
  for (const [asset, amount] of legs) {
    const type = amount < 0n ? 'ORDER_DEALT_FROZEN_OUT' : 'ORDER_DEALT_IN';
    book(asset, type, amount, { market, fee: asset === feeAsset ? -fee : 0n });
  }
  if (fee === 0n || legs.some(([asset]) => asset === feeAsset)) return;
  book(feeAsset, 'ORDER_PLF_FEE_OUT', 0n, { market, fee: -fee });
}

/** A fill, and a record with what it earned, whether or not it earned anything. */
function bookFuturesFill(event: FuturesFill, book: Book, fills: Listed[]): void {
  const { at, market, side, fee, feeAsset, realised, quantity, price } = event;
  const [, settle = ''] = market.split(':');
  const isOwn = feeAsset === settle;
  const type = side === 'buy' ? 'BUY_DEAL' : 'SELL_DEAL';
  book(settle, type, realised, { market, fee: isOwn ? -fee : 0n });
  if (!isOwn && fee !== 0n) book(feeAsset, 'ORDER_PLF_FEE_OUT', 0n, { market, fee: -fee });
  const row = {
    execId: String(event.id),
    orderId: String(event.orderId),
    category: categoryOf(market),
    symbol: idOf(market),
    side,
    execPrice: plainText(price),
    execQty: plainText(quantity),
    execPnl: plainText(realised),
    feeDetail: [{ feeCoin: feeAsset, fee: plainText(fee) }],
    // The record comes a moment later.
    createdTime: String(at - 3),
  };
  fills.push({ id: event.id, at: at - 3, category: categoryOf(market), row });
}

function categoryOf(market: string): string {
  return market.includes(':') ? 'USDT-FUTURES' : 'SPOT';
}

/** `BTC/USDT:USDT` to `BTCUSDT`. */
function idOf(market: string): string {
  return market.replace('/', '').replace(/:.*/, '');
}
