// A Bybit that answers on this machine: the scenario's account told by the transaction log of a
// unified account and the history of its funding account, in the words of
// bybit-exchange.github.io/docs/v5. The scenario's spot and futures wallets are the one unified
// account; its fee coin is charged by a row of its own. Money from outside passes through the
// funding account, whose history is in seconds. For tests; outside the trusted base.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { balance } from '../scenario/book.ts';
import type { Scenario } from '../scenario/build-scenario.ts';
import type { ScenarioEvent, Wallet, Withdrawal } from '../scenario/events.ts';
import { markSeries, type Market } from '../scenario/markets.ts';
import { HOUR_MS, MINUTE_MS } from '../scenario/prices.ts';
import { plainText, roundedQuotient, text, type Units } from '../scenario/units.ts';
import { cutPage, Refusal, served, type FaultWords } from '../simulator/faults.ts';
import { toJson, type Json } from '../simulator/json.ts';
import type { Simulator } from '../simulator/server.ts';
import {
  startTable,
  wrapped,
  type Endpoints,
  type SimulatorOptions,
  type VenueCall,
  type VenueRequest,
} from '../simulator/table.ts';
import { idOf, ledgersOf, type LedgerRow } from './ledgers.ts';

const DAY_MS = 24 * HOUR_MS;
/** A request may be from this far in the future. */
const AHEAD_MS = 1_000;
const CANDLES_MAX = 1000;
const LOG_MS = 730 * DAY_MS;
const INTERVALS_MS: Readonly<Record<string, number>> = { '1': MINUTE_MS, '60': HOUR_MS };

export function startBybitSimulator(options: SimulatorOptions): Promise<Simulator> {
  const endpoints = [marketEndpoints, accountEndpoints];
  return startTable({ hosts: ['api.bybit.com'], words, checkSigned, endpoints }, options);
}

const { open, signed } = wrapped((result, { now }) => ({
  retCode: 0,
  retMsg: 'OK',
  result,
  retExtInfo: {},
  time: now,
}));

function marketEndpoints(scenario: Scenario): Endpoints {
  const isOf = (category: string | null, { perpetual }: Market): boolean =>
    category === (perpetual ? 'linear' : 'spot');
  return {
    'GET /v5/market/time': open(({ now }) => ({
      timeSecond: String(Math.floor(now / 1000)),
      timeNano: `${now}000000`,
    })),
    'GET /v5/market/instruments-info': open(({ params }) => ({
      category: params.get('category') ?? '',
      list: scenario.markets
        .filter((market) => isOf(params.get('category'), market))
        .filter(() => params.get('status') !== 'PreLaunch')
        .map(instrument),
      nextPageCursor: '',
    })),
    'GET /v5/market/kline': open((call) => candles(call, scenario, (symbol) => symbol)),
    'GET /v5/market/mark-price-kline': open((call) => candles(call, scenario, markSeries)),
  };
}

function accountEndpoints(scenario: Scenario): Endpoints {
  const { log, funding } = ledgersOf(scenario);
  const bookAt = scenario.readBook();
  const held = (now: number, wallets: readonly Wallet[]): [string, string][] =>
    scenario.assets
      .map((asset): [string, Units] => [
        asset,
        wallets.reduce((sum, wallet) => sum + balance(bookAt(now), wallet, asset), 0n),
      ])
      .filter(([, amount]) => amount !== 0n)
      .map(([asset, amount]) => [asset, plainText(amount)]);
  return {
    'GET /v5/user/query-api': signed(() => ({
      id: '13770661',
      readOnly: 1,
      permissions: { ContractTrade: [], Spot: [], Wallet: [] },
      ips: ['*'],
      uta: 1,
      userID: 24617703,
    })),
    'GET /v5/account/wallet-balance': signed(({ now, params }) => {
      need(params, 'accountType', 'UNIFIED');
      const coin = held(now, ['spot', 'futures']);
      return {
        list: [{ accountType: 'UNIFIED', coin: coin.map(([name, cash]) => coinOf(name, cash)) }],
      };
    }),
    'GET /v5/asset/transfer/query-account-coins-balance': signed(({ now, params }) => {
      need(params, 'accountType', 'FUND');
      const coins = held(now, ['funding']);
      return {
        memberId: '24617703',
        accountType: 'FUND',
        balance: coins.map(([coin, cash]) => ({
          coin,
          transferBalance: cash,
          walletBalance: cash,
        })),
      };
    }),
    'GET /v5/position/list': signed(({ now, params }) => {
      const [category, settle] = [params.get('category'), params.get('settleCoin')];
      if (category === 'linear' && settle === null) throw refusal(10001, 'settleCoin is empty');
      const isListed = category === 'linear' && settle === 'USDT';
      const list = [...bookAt(now).positions].filter(() => isListed);
      return {
        category: category ?? '',
        list: list.map(([market, { contracts, cost }]) => ({
          positionIdx: 0,
          symbol: idOf(market),
          side: contracts === 0n ? '' : contracts > 0n ? 'Buy' : 'Sell',
          size: plainText(contracts < 0n ? -contracts : contracts),
          avgPrice: contracts === 0n ? '0' : plainText(roundedQuotient(cost, contracts)),
        })),
        nextPageCursor: '',
      };
    }),
    'GET /v5/account/transaction-log': signed((call) => {
      need(call.params, 'accountType', 'UNIFIED');
      return rowsPage(call, log, span(call, 'startTime', 'endTime', 7), 50, 'result ends');
    }),
    'GET /v5/asset/fundinghistory': signed((call) => {
      const times = span(call, 'createTimeFrom', 'createTimeTo', 7, 1000);
      return rowsPage(call, funding, times, 100, 'empty page ends');
    }),
    'GET /v5/asset/withdraw/query-record': signed((call) => withdrawals(call, scenario)),
  };
}

function refusal(code: number, message: string): Refusal {
  return new Refusal(200, toJson({ retCode: code, retMsg: message, result: {}, retExtInfo: {} }));
}

const words: FaultWords = {
  'http-429': () => refusal(10006, 'Too many visits. Exceeded the API Rate Limit.'),
  'http-418': () => refusal(10006, 'Too many visits. Exceeded the API Rate Limit.'),
  'http-451': () => new Refusal(451, '<html></html>'),
  'http-500': () => refusal(10016, 'Server error.'),
  maintenance: () => refusal(10016, 'Service is restarting.'),
  'wrong-key': () => refusal(10003, 'API key is invalid.'),
  'skewed-clock': () => refusal(10002, 'The request time exceeds the time window range.'),
};

function need(params: URLSearchParams, name: string, value: string): void {
  if (params.get(name) !== value) throw refusal(10001, `${name} is not supported`);
}

/** HMAC-SHA256 in hexadecimal over time, key, window and query. */
function checkSigned(
  { url, headers, now }: VenueRequest,
  { credentials: { apiKey, secret } }: Scenario,
): void {
  const header = (name: string): string => String(headers[`x-bapi-${name}`] ?? '');
  if (header('api-key') !== apiKey) throw refusal(10003, 'API key is invalid.');
  const [at, window] = [Number(header('timestamp')), Number(header('recv-window'))];
  if (!/^[0-9]{13}$/.test(header('timestamp')) || now - at > window || at - now >= AHEAD_MS) {
    throw refusal(10002, 'The request time exceeds the time window range.');
  }
  const [, query = ''] = url.split('?');
  const signedText = header('timestamp') + apiKey + header('recv-window') + query;
  const expected = createHmac('sha256', secret).update(signedText).digest();
  const given = Buffer.from(header('sign'), 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw refusal(10004, 'Error sign, please check your signature generation algorithm.');
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Milliseconds, both ends included; without both, a day around the one or before now. */
function span(
  { params, now }: VenueCall,
  start: string,
  end: string,
  days: number,
  unit = 1,
): Span {
  const [first, last] = [params.get(start), params.get(end)];
  const to = last === null ? now : Number(last) * unit + unit - 1;
  const from = first === null ? to - DAY_MS : Number(first) * unit;
  if (to - from >= days * DAY_MS + unit) throw refusal(10001, 'The time range is too long.');
  return { from, to: last === null && first !== null ? from + DAY_MS : to };
}

/** Newest first, from below the row that the cursor names. */
function rowsPage(
  { params, faults, now }: VenueCall,
  rows: readonly LedgerRow[],
  { from, to }: Span,
  max: number,
  ending: 'result ends' | 'empty page ends',
): Json {
  const limit = Math.min(Number(params.get('limit') ?? max), max);
  const booked = rows.filter(({ at }) => at <= now && at >= now - LOG_MS);
  const listed = served(faults, booked, now)
    .filter(({ at }) => at >= from && at <= to)
    .toReversed();
  const cursor = params.get('cursor');
  const first = cursor === null ? 0 : listed.findIndex(({ id }) => id === cursor) + 1;
  if (cursor !== null && first === 0) throw refusal(10001, 'Invalid cursor.');
  const last = listed.slice(first, first + limit).at(-1);
  const isMore = first + limit < listed.length || ending === 'empty page ends';
  return {
    list: cutPage(faults, listed, first, limit).map(({ json }) => json),
    nextPageCursor: isMore && last !== undefined ? encodeURIComponent(last.id) : '',
  };
}

function withdrawals(call: VenueCall, scenario: Scenario): Json {
  const { from, to } = span(call, 'startTime', 'endTime', 30);
  const isWithdrawal = (event: ScenarioEvent): event is Withdrawal => event.kind === 'withdrawal';
  const known = served(
    call.faults,
    scenario.events.filter(isWithdrawal).filter(({ at }) => at <= call.now),
    call.now,
  );
  const rows = known.filter(({ at }) => at >= from && at <= to).toReversed();
  const first = Number(call.params.get('cursor') ?? 0);
  const page = cutPage(call.faults, rows, first, 50);
  return {
    rows: page.map((row) => ({
      coin: row.asset,
      chain: row.asset,
      amount: plainText(row.amount),
      txID: row.cancelled ? '' : row.txId,
      status: row.cancelled ? 'CancelByUser' : call.now < row.completedAt ? 'Pending' : 'success',
      withdrawFee: plainText(row.networkFee),
      createTime: String(Math.floor(row.at / 1000) * 1000),
      updateTime: String(Math.floor(Math.min(call.now, row.completedAt) / 1000) * 1000),
      withdrawId: String(row.id),
      withdrawType: 0,
    })),
    nextPageCursor: page.length === 0 ? '' : String(first + page.length),
  };
}

function candles(
  { params, now, faults }: VenueCall,
  { markets, prices }: Scenario,
  seriesOf: (symbol: string) => string,
): Json {
  const intervalMs = INTERVALS_MS[params.get('interval') ?? ''];
  const isSpot = params.get('category') === 'spot';
  const market = markets.find(
    ({ symbol, perpetual }) => idOf(symbol) === params.get('symbol') && perpetual !== isSpot,
  );
  if (market === undefined) throw refusal(10001, 'Not supported symbols');
  if (intervalMs === undefined) throw refusal(10001, 'Invalid period!');
  const start = Math.max(Number(params.get('start') ?? 0), prices.firstCandle);
  const end = Math.min(Number(params.get('end') ?? now), now);
  const limit = Math.min(Number(params.get('limit') ?? 200), CANDLES_MAX);
  const list: Json[] = [];
  for (
    let at = Math.floor(end / intervalMs) * intervalMs;
    at >= start && list.length < limit;
    at -= intervalMs
  ) {
    const {
      open: first,
      high,
      low,
      close,
    } = prices.candle(seriesOf(market.symbol), at, intervalMs, now);
    list.push([String(at), text(first), text(high), text(low), text(close)]);
  }
  return { category: params.get('category') ?? '', list: cutPage(faults, list, 0, limit) };
}

function coinOf(coin: string, cash: string): Json {
  return {
    coin,
    walletBalance: cash,
    equity: cash,
    unrealisedPnl: '0',
    borrowAmount: '0',
    spotBorrow: '0',
    accruedInterest: '0',
  };
}

function instrument(market: Market): Json {
  const { base, quote, perpetual, tick, lot } = market;
  const own = perpetual
    ? {
        contractType: 'LinearPerpetual',
        launchTime: '1585526400000',
        deliveryTime: '0',
        settleCoin: quote,
        fundingInterval: 480,
      }
    : { marginTrading: 'utaOnly' };
  return {
    symbol: idOf(market.symbol),
    status: 'Trading',
    baseCoin: base,
    quoteCoin: quote,
    ...own,
    priceFilter: { minPrice: plainText(tick), maxPrice: '1999999', tickSize: plainText(tick) },
    lotSizeFilter: {
      basePrecision: plainText(lot),
      quotePrecision: '0.00000001',
      qtyStep: plainText(lot),
      minOrderQty: plainText(lot),
      maxOrderQty: '1000',
    },
  };
}
