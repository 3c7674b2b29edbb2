// A Kraken Futures that answers on this machine: the futures part of a scenario told by the account
// log, in the words of docs.kraken.com. The scenario's USDT is Kraken's USD; its spot wallet is the
// cash wallet, its futures wallet the multi-collateral one. For tests; outside the trusted base.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { balance, FLAT, trade, type Position } from '../scenario/book.ts';
import type { Scenario } from '../scenario/build-scenario.ts';
import type { FuturesFill, ScenarioEvent, Wallet } from '../scenario/events.ts';
import { markSeries } from '../scenario/markets.ts';
import { HOUR_MS, MINUTE_MS } from '../scenario/prices.ts';
import { plainText, roundedQuotient, text, type Units } from '../scenario/units.ts';
import { cutPage, Refusal, served, type FaultWords } from '../simulator/faults.ts';
import type { Json } from '../simulator/json.ts';
import type { Simulator } from '../simulator/server.ts';
import {
  startTable,
  type Endpoints,
  type SimulatorOptions,
  type VenueCall,
  type VenueEndpoint,
  type VenueRequest,
} from '../simulator/table.ts';

const CANDLES_MAX = 2000;
const LOGS_MAX = 500;
const INTERVALS: Readonly<Record<string, number>> = { '1m': MINUTE_MS, '1h': HOUR_MS };
/** What fees are paid in needs an index, too. */
const BASES = ['BTC', 'ETH', 'BNB'];

interface LogRow {
  readonly at: number;
  readonly row: Readonly<Record<string, Json>>;
}

export function startKrakenFuturesSimulator(options: SimulatorOptions): Promise<Simulator> {
  const endpoints = [marketEndpoints, accountEndpoints];
  return startTable({ hosts: ['futures.kraken.com'], words, checkSigned, endpoints }, options);
}

function success(isSigned: boolean, answer: (call: VenueCall) => object): VenueEndpoint {
  return {
    isSigned,
    answer: (call) => ({
      result: 'success',
      ...answer(call),
      serverTime: new Date(call.now).toISOString(),
    }),
  };
}

function marketEndpoints(scenario: Scenario): Endpoints {
  const charts = BASES.flatMap((base) =>
    ['spot', 'mark'].flatMap((type) =>
      Object.entries(INTERVALS).map(([name, intervalMs]): [string, VenueEndpoint] => {
        const series = `${base}/USDT`;
        const isMark = type === 'mark';
        const answer = (call: VenueCall): Json =>
          candles(call, scenario, isMark ? markSeries(`${series}:USDT`) : series, intervalMs);
        return [`GET /api/charts/v1/${type}/${idOf(base)}/${name}`, { isSigned: false, answer }];
      }),
    ),
  );
  return {
    'GET /derivatives/api/v3/instruments': success(false, () => ({
      instruments: BASES.map((base) => ({
        symbol: idOf(base),
        type: 'flexible_futures',
        tickSize: 0.5,
        contractSize: 1,
        tradeable: true,
        contractValueTradePrecision: 4,
      })),
    })),
    'GET /derivatives/api/v3/instruments/status': success(false, () => ({ instrumentStatus: [] })),
    ...Object.fromEntries(charts),
  };
}

function accountEndpoints(scenario: Scenario): Endpoints {
  const rows = logOf(scenario);
  const bookAt = scenario.readBook();
  const held = (now: number, wallet: Wallet, told: (amount: Json) => Json): Json =>
    Object.fromEntries(
      scenario.assets
        .map((asset) => [codeOf(asset), balance(bookAt(now), wallet, asset)] as const)
        .map(([code, amount]) => [code, told(numberOf(amount))]),
    );
  return {
    'GET /api/auth/v1/api-keys/v3/check': {
      isSigned: true,
      answer: () => ({
        accountUid: 'f7d5571c-6d10-4cf1-944a-048d25682ed0',
        iiban: null,
        permissions: { general: 'READ_ONLY', transfer: 'NO_ACCESS' },
        allowedCidrBlock: null,
        allowedCidrBlocks: [],
      }),
    },
    'GET /derivatives/api/v3/accounts': success(true, ({ now }) => ({
      accounts: {
        cash: { type: 'cashAccount', balances: held(now, 'spot', (amount) => amount) },
        flex: {
          type: 'multiCollateralMarginAccount',
          currencies: held(now, 'futures', (quantity) => ({ quantity })),
        },
      },
    })),
    'GET /derivatives/api/v3/openpositions': success(true, ({ now }) => ({
      openPositions: [...bookAt(now).positions]
        .filter(([, { contracts }]) => contracts !== 0n)
        .map(([market, { contracts, cost }]) => ({
          side: contracts < 0n ? 'short' : 'long',
          symbol: idOf(market.split('/')[0] ?? ''),
          price: numberOf(roundedQuotient(cost, contracts)),
          size: numberOf(contracts < 0n ? -contracts : contracts),
        })),
    })),
    'GET /api/history/v3/account-log': { isSigned: true, answer: (call) => logPage(call, rows) },
  };
}

function refusal(status: number, error: string): Refusal {
  return new Refusal(status, JSON.stringify({ result: 'error', error }));
}

const words: FaultWords = {
  'http-429': () => refusal(429, 'apiLimitExceeded'),
  'http-418': () => refusal(200, 'apiLimitExceeded'),
  'http-451': () => new Refusal(451, '<html></html>'),
  'http-500': () => refusal(500, 'Server Error'),
  maintenance: () => refusal(503, 'Unavailable'),
  'wrong-key': () => refusal(401, 'authenticationError'),
  'skewed-clock': () => refusal(200, 'nonceBelowThreshold'),
};

/** HMAC-SHA512 in base64 over the SHA-256 of query and path; `/derivatives` is not part of it. */
function checkSigned(
  { url, headers }: VenueRequest,
  { credentials: { apiKey, secret } }: Scenario,
): void {
  if (headers['apikey'] !== apiKey) throw refusal(401, 'authenticationError');
  const [path = '', query = ''] = url.split('?');
  const signed = query + path.replace(/^\/derivatives/, '');
  const digest = createHash('sha256').update(signed).digest();
  const key = Buffer.from(secret, 'base64');
  const expected = createHmac('sha512', key).update(digest).digest();
  const given = Buffer.from(String(headers['authent']), 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw refusal(401, 'authenticationError');
  }
}

function logPage({ params, faults, now }: VenueCall, rows: readonly LogRow[]): Json {
  const bound = (name: string, otherwise: number): number => Number(params.get(name) ?? otherwise);
  const [since, before] = [bound('since', 0), bound('before', now + 1)];
  const past = rows.filter(({ at }) => at <= now);
  const listed = served(faults, past, now)
    .filter(({ at }) => at >= since && at < before)
    .map(({ row }) => row)
    .filter(({ id }) => Number(id) >= bound('from', 1));
  const ordered = params.get('sort') === 'asc' ? listed : listed.toReversed();
  const logs = cutPage(faults, ordered, 0, bound('count', LOGS_MAX));
  return { accountUid: 'f7d5571c-6d10-4cf1-944a-048d25682ed0', logs };
}

function candles(
  { params, now, faults }: VenueCall,
  { prices }: Scenario,
  series: string,
  intervalMs: number,
): Json {
  const [from, to] = [Number(params.get('from')) * 1000, Number(params.get('to')) * 1000];
  const rows: Json[] = [];
  const first = Math.ceil(Math.max(from, prices.firstCandle) / intervalMs) * intervalMs;
  for (let at = first; at <= Math.min(to, now) && rows.length < CANDLES_MAX; at += intervalMs) {
    const { open, high, low, close } = prices.candle(series, at, intervalMs, now);
    rows.push({
      time: at,
      open: text(open),
      high: text(high),
      low: text(low),
      close: text(close),
      volume: 0,
    });
  }
  return { candles: cutPage(faults, rows, 0, CANDLES_MAX), more_candles: false };
}

type Book = (
  event: ScenarioEvent,
  info: string,
  wallet: 'cash' | 'flex',
  asset: string,
  change: Units,
  more?: Readonly<Record<string, Json>>,
) => void;

/** Every row of the scenario, oldest first, as Kraken would have logged it. */
function logOf({ events }: Scenario): readonly LogRow[] {
  const rows: LogRow[] = [];
  const balances = new Map<string, Units>();
  const positions = new Map<string, Position>();
  const book: Book = (event, info, wallet, asset, change, more = {}) => {
    const before = balances.get(`${wallet} ${asset}`) ?? 0n;
    balances.set(`${wallet} ${asset}`, before + change);
    rows.push({
      at: event.at,
      row: {
        id: rows.length + 1,
        date: new Date(event.at).toISOString(),
        asset,
        info,
        booking_uid: `b-${rows.length + 1}`,
        margin_account: wallet,
        old_balance: numberOf(before),
        new_balance: numberOf(before + change),
        execution: null,
        realized_pnl: null,
        realized_funding: null,
        fee: null,
        trade_price: null,
        ...more,
      },
    });
  };
  for (const event of events) bookEvent(event, book, positions);
  return rows;
}

function bookEvent(event: ScenarioEvent, book: Book, positions: Map<string, Position>): void {
  switch (event.kind) {
    case 'futures-fill':
      bookFill(event, book, positions);
      break;
    case 'funding': {
      const realised = { realized_funding: numberOf(event.amount) };
      book(event, 'funding rate change', 'flex', codeOf(event.asset), event.amount, realised);
      break;
    }
    case 'deposit':
      book(event, 'cross-exchange transfer', 'cash', codeOf(event.asset), event.amount);
      break;
    case 'withdrawal':
      book(event, 'cross-exchange transfer', 'cash', codeOf(event.asset), -event.amount);
      break;
    case 'transfer': {
      const change = event.to === 'futures' ? event.amount : -event.amount;
      book(event, 'transfer', 'cash', codeOf(event.asset), -change);
      book(event, 'transfer', 'flex', codeOf(event.asset), change);
      break;
    }
    case 'reward':
      book(event, 'interest payment', 'flex', codeOf(event.asset), event.amount);
      break;
    case 'spot-fill':
    case 'dust':
    case 'conversion':
      throw new Error('Kraken Futures is told the futures part of a scenario only.');
  }
}

/** A row of the position, one of the money, and one of a fee in another asset. */
function bookFill(event: FuturesFill, book: Book, positions: Map<string, Position>): void {
  const { at, market, side, price, fee, feeAsset, realised, tradeId, quantity } = event;
  const [base = '', quote = ''] = market.replace(/:.*/, '').split('/');
  const signed = side === 'buy' ? quantity : -quantity;
  positions.set(market, trade(positions.get(market) ?? FLAT, signed, price, at).position);
  const execution = `execution-${base}-${tradeId}`;
  const more = { execution, contract: idOf(base).toLowerCase(), trade_price: numberOf(price) };
  book(event, 'futures trade', 'flex', idOf(base).toLowerCase(), signed, more);
  for (const asset of new Set([quote, feeAsset])) {
    const profit = asset === quote ? realised : 0n;
    const paid = asset === feeAsset ? fee : 0n;
    if (profit === 0n && paid === 0n) continue;
    book(event, 'futures trade', 'flex', codeOf(asset), profit - paid, {
      ...more,
      realized_pnl: numberOf(profit),
      fee: numberOf(paid),
    });
  }
}

/** Kraken's log has JSON numbers, small ones with exponents. */
function numberOf(amount: Units): number {
  return Number(plainText(amount));
}

function codeOf(asset: string): string {
  return asset === 'USDT' ? 'usd' : asset.replace('BTC', 'XBT').toLowerCase();
}

function idOf(base: string): string {
  return `PF_${base.replace('BTC', 'XBT')}USD`;
}
