// A KuCoin that answers on this machine: the spot part of a scenario told by two ledgers with
// running balances, in the words of kucoin.com/docs. The scenario's spot wallet is KuCoin's trade
// account and its funding wallet the main one, through which money from outside passes. A fee in
// the fee coin is charged in the quote, given back, and then deducted, as KuCoin does with KCS.
// For tests; outside the trusted base.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { balance } from '../scenario/book.ts';
import type { Scenario } from '../scenario/build-scenario.ts';
import type { ScenarioEvent, SpotFill } from '../scenario/events.ts';
import type { Market } from '../scenario/markets.ts';
import { OTHER_PART } from '../scenario/parts.ts';
import { HOUR_MS, MINUTE_MS } from '../scenario/prices.ts';
import { plainText, text, type Units } from '../scenario/units.ts';
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

export const KUCOIN_PASSPHRASE = 'Scenario-passphrase-1';
/** A request is stale after this long. */
const CLOCK_MS = 5_000;
const DAY_MS = 24 * HOUR_MS;
/** What the trade account's ledger reaches back. */
const TRADE_LEDGER_MS = 3 * DAY_MS;
const TRADE_PAGE_MAX = 200;
const PAGE_MIN = 10;
const PAGE_MAX = 500;
const CANDLES_MAX = 1500;
const BARS_MS: Readonly<Record<string, number>> = { '1min': MINUTE_MS, '1hour': HOUR_MS };

type Account = 'MAIN' | 'TRADE_HF';

interface LedgerRow {
  readonly account: Account;
  /** Ascending over both ledgers. */
  readonly number: bigint;
  readonly at: number;
  readonly asset: string;
  readonly change: Units;
  readonly fee: Units;
  readonly balance: Units;
  readonly type: string;
  readonly context: string;
}

export function startKucoinSimulator(options: SimulatorOptions): Promise<Simulator> {
  const endpoints = [marketEndpoints, accountEndpoints];
  return startTable({ hosts: ['api.kucoin.com'], words, checkSigned, endpoints }, options);
}

const { open, signed } = wrapped((data) => ({ code: '200000', data }));

function marketEndpoints(scenario: Scenario): Endpoints {
  const pairs = scenario.markets.filter(({ perpetual }) => !perpetual);
  return {
    'GET /api/v1/timestamp': open(({ now }) => now),
    'GET /api/v2/symbols': open(() => pairs.map(symbolRow)),
    'GET /api/v1/market/candles': open((call) => candles(call, pairs, scenario)),
  };
}

function accountEndpoints(scenario: Scenario): Endpoints {
  const rows = ledgersOf(scenario);
  const bookAt = scenario.readBook();
  const held = (now: number, wallet: 'spot' | 'funding', type: string): Json[] =>
    scenario.assets.map((currency) => {
      const amount = plainText(balance(bookAt(now), wallet, currency));
      return { id: '5bd6e9286d99522a52e458de', currency, type, balance: amount, holds: '0' };
    });
  return {
    'GET /api/v1/user/api-key': signed(() => ({
      remark: 'record',
      apiKey: scenario.credentials.apiKey,
      apiVersion: 3,
      permission: 'General',
      ipWhitelist: '',
      createdAt: 1729821494000,
      uid: 165111215,
      isMaster: true,
    })),
    'GET /api/v1/accounts': signed(({ now }) => [
      ...held(now, 'funding', 'main'),
      ...held(now, 'spot', 'trade'),
    ]),
    'GET /api/v1/accounts/ledgers': signed((call) => mainLedger(call, rows)),
    'GET /api/v1/hf/accounts/ledgers': signed((call) => tradeLedger(call, rows)),
  };
}

function refusal(status: number, code: string, msg: string): Refusal {
  return new Refusal(status, JSON.stringify({ code, msg }));
}

const words: FaultWords = {
  'http-429': () => refusal(429, '429000', 'Too Many Requests'),
  'http-451': () => new Refusal(451, '<html></html>'),
  'http-500': () => refusal(500, '500000', 'Internal Server Error'),
  maintenance: () => new Refusal(503, 'Service Unavailable'),
  'wrong-key': () => refusal(401, '400003', 'KC-API-KEY not exists'),
  'skewed-clock': () => refusal(400, '400002', 'KC-API-TIMESTAMP Invalid'),
};

/** HMAC-SHA256 in base64 over time, method, path with query, and body; the passphrase likewise. */
function checkSigned(
  { method, url, body, headers, now }: VenueRequest,
  { credentials: { apiKey, secret } }: Scenario,
): void {
  const header = (name: string): string => String(headers[`kc-api-${name}`] ?? '');
  if (['key', 'sign', 'timestamp', 'passphrase'].some((name) => header(name) === '')) {
    throw refusal(401, '400001', 'Any of KC-API-KEY, KC-API-SIGN is missing');
  }
  if (header('key') !== apiKey) throw refusal(401, '400003', 'KC-API-KEY not exists');
  if (!(Math.abs(now - Number(header('timestamp'))) <= CLOCK_MS)) {
    throw refusal(400, '400002', 'KC-API-TIMESTAMP Invalid');
  }
  const isSealed = (given: string, plain: string): boolean => {
    const expected = createHmac('sha256', secret).update(plain).digest();
    const told = Buffer.from(given, 'base64');
    return told.length === expected.length && timingSafeEqual(told, expected);
  };
  if (!['2', '3'].includes(header('key-version'))) {
    throw refusal(401, '400004', 'KC-API-PASSPHRASE error');
  }
  if (!isSealed(header('sign'), header('timestamp') + method + url + body)) {
    throw refusal(401, '400005', 'Signature error');
  }
  if (!isSealed(header('passphrase'), KUCOIN_PASSPHRASE)) {
    throw refusal(401, '400004', 'KC-API-PASSPHRASE error');
  }
}

/** Newest first, by numbered pages, of at most a day; a bound that is missing is a day away. */
function mainLedger({ params, now, faults }: VenueCall, rows: readonly LedgerRow[]): Json {
  const [startAt, endAt] = [params.get('startAt'), params.get('endAt')];
  const to = Number(endAt ?? (startAt === null ? now : Number(startAt) + DAY_MS));
  const from = Number(startAt ?? to - DAY_MS);
  if (to - from > DAY_MS) throw refusal(400, '400100', 'The time range cannot exceed 24 hours');
  const pageSize = Math.max(Number(params.get('pageSize') ?? 50), PAGE_MIN);
  if (pageSize > PAGE_MAX) throw refusal(400, '400100', 'pageSize should not greater than 500');
  const currentPage = Number(params.get('currentPage') ?? 1);
  const past = rows.filter(({ account, at }) => account === 'MAIN' && at <= now);
  const listed = served(faults, past, now).filter(({ at }) => at >= from && at < to);
  const page = cutPage(faults, listed.toReversed(), (currentPage - 1) * pageSize, pageSize);
  return {
    currentPage,
    pageSize,
    totalNum: listed.length,
    totalPage: Math.ceil(listed.length / pageSize),
    items: page.map((row) => ({
      ...ledgerRow(row),
      id: row.number.toString(16).padStart(24, '6'),
      createdAt: row.at,
    })),
  };
}

/** Newest first, from below an id; what is older than three days is left out in silence. */
function tradeLedger({ params, now, faults }: VenueCall, rows: readonly LedgerRow[]): Json {
  const from = Math.max(Number(params.get('startAt') ?? 0), now - TRADE_LEDGER_MS);
  const to = Number(params.get('endAt') ?? now);
  const lastId = params.get('lastId');
  const limit = Math.min(Number(params.get('limit') ?? 100), TRADE_PAGE_MAX);
  const past = rows.filter(({ account, at }) => account === 'TRADE_HF' && at <= now);
  const listed = served(faults, past, now)
    .filter(({ at }) => at >= from && at < to)
    .filter(({ number }) => lastId === null || number < BigInt(lastId));
  return cutPage(faults, listed.toReversed(), 0, limit).map((row) => ({
    ...ledgerRow(row),
    id: String(row.number),
    createdAt: String(row.at),
    tax: '0',
  }));
}

function ledgerRow({ account, asset, change, fee, balance: after, type, context }: LedgerRow) {
  return {
    currency: asset,
    amount: text(change < 0n ? -change : change),
    fee: text(fee),
    balance: text(after),
    accountType: account,
    bizType: type,
    direction: change < 0n ? 'out' : 'in',
    context,
  };
}

/** Newest first, in seconds: start, open, close, high, low, volume, turnover. */
function candles(
  { params, now, faults }: VenueCall,
  pairs: readonly Market[],
  { prices }: Scenario,
): Json {
  const market = pairs.find((each) => idOf(each.symbol) === params.get('symbol'));
  const bar = BARS_MS[params.get('type') ?? ''];
  if (market === undefined) throw refusal(200, '400100', 'This pair is not provided at present');
  if (bar === undefined) throw refusal(400, '400100', 'type is wrong');
  const endAt = Number(params.get('endAt') ?? 0) * 1000;
  const to = endAt === 0 ? now : Math.min(endAt, now + 1);
  const from = Math.max(Number(params.get('startAt') ?? 0) * 1000, prices.firstCandle);
  const rows: Json[] = [];
  for (
    let at = Math.floor((to - 1) / bar) * bar;
    at >= from && rows.length < CANDLES_MAX;
    at -= bar
  ) {
    const { open: opened, high, low, close, volume } = prices.candle(market.symbol, at, bar, now);
    const columns = [opened, close, high, low, volume, 0n].map((each) => text(each));
    rows.push([String(at / 1000), ...columns]);
  }
  return [...cutPage(faults, rows, 0, CANDLES_MAX)];
}

function symbolRow({ symbol, base, quote, tick, lot }: Market): Json {
  return {
    symbol: idOf(symbol),
    name: idOf(symbol),
    baseCurrency: base,
    quoteCurrency: quote,
    feeCurrency: quote,
    market: 'USDS',
    baseMinSize: plainText(lot),
    quoteMinSize: '0.1',
    baseMaxSize: '10000000000',
    quoteMaxSize: '99999999',
    baseIncrement: plainText(lot),
    quoteIncrement: '0.00000001',
    priceIncrement: plainText(tick),
    isMarginEnabled: true,
    enableTrading: true,
  };
}

interface Booking {
  readonly fee?: Units;
  readonly context?: Readonly<Record<string, string>>;
}

interface Books {
  readonly book: (
    account: Account,
    asset: string,
    change: Units,
    type: string,
    more?: Booking,
  ) => void;
  /** From the main to the trade account, or back where the amount is below zero. */
  readonly move: (asset: string, amount: Units) => void;
}

/** Every row of the scenario, oldest first, as KuCoin would have booked it. */
function ledgersOf({ events }: Scenario): readonly LedgerRow[] {
  const rows: LedgerRow[] = [];
  const balances = new Map<string, Units>();
  let number = 254_062_248_624_417n;
  for (const event of events) {
    const book: Books['book'] = (account, asset, change, type, { fee = 0n, context = {} } = {}) => {
      const after = (balances.get(`${account} ${asset}`) ?? 0n) + change;
      balances.set(`${account} ${asset}`, after);
      number += 16_384n;
      rows.push({
        account,
        number,
        at: event.at,
        asset,
        change,
        fee,
        balance: after,
        type,
        context: JSON.stringify(context),
      });
    };
    const move: Books['move'] = (asset, amount) => {
      book('MAIN', asset, -amount, 'Transfer');
      book('TRADE_HF', asset, amount, 'TRANSFER');
    };
    bookEvent(event, { book, move });
  }
  return rows;
}

const REWARD_TYPES = {
  interest: 'Soft Staking Profits',
  airdrop: 'Airdrop/Fork',
  rebate: 'Fee Rebate',
} as const;

function bookEvent(event: ScenarioEvent, { book, move }: Books): void {
  const swap = (from: string, sold: Units, to: string, bought: Units): void => {
    move(from, -sold);
    book('MAIN', from, -sold, 'Instant Exchange');
    book('MAIN', to, bought, 'Instant Exchange');
    move(to, bought);
  };
  switch (event.kind) {
    case 'spot-fill':
      bookFill(event, book);
      break;
    case 'deposit':
      if (!event.credited) break;
      if (event.txId === OTHER_PART) {
        book('TRADE_HF', event.asset, event.amount, 'TRANSFER');
        break;
      }
      book('MAIN', event.asset, event.amount, 'Deposit');
      move(event.asset, event.amount);
      break;
    case 'withdrawal': {
      if (event.cancelled) break;
      if (event.txId === OTHER_PART) {
        book('TRADE_HF', event.asset, -event.amount, 'TRANSFER');
        break;
      }
      const { networkFee: fee } = event;
      move(event.asset, -event.amount - fee);
      book('MAIN', event.asset, -event.amount - fee, 'Withdrawal', { fee });
      break;
    }
    case 'transfer':
      move(event.asset, event.to === 'spot' ? event.amount : -event.amount);
      break;
    case 'reward':
      book('MAIN', event.asset, event.amount, REWARD_TYPES[event.cause]);
      move(event.asset, event.amount);
      break;
    case 'dust':
      for (const part of event.parts) swap(part.asset, part.amount, event.toAsset, part.received);
      break;
    case 'conversion':
      swap(event.fromAsset, event.fromAmount, event.toAsset, event.toAmount);
      break;
    case 'futures-fill':
    case 'funding':
      throw new Error('KuCoin is told the spot part of a scenario only.');
  }
}

/** A row for each asset of the pair, each with what it bears of the fee. */
function bookFill(event: SpotFill, book: Books['book']): void {
  const { market, side, fee, feeAsset, quantity, quote: cost, tradeId, orderId } = event;
  const [base = '', quote = ''] = market.split('/');
  const direction = side === 'buy' ? 1n : -1n;
  const isElsewhere = feeAsset !== base && feeAsset !== quote;
  const charged = isElsewhere ? cost / 1000n : 0n;
  const context = {
    symbol: idOf(market),
    orderId: orderId.toString(16).padStart(24, '6'),
    tradeId: String(tradeId),
  };
  const legs: [string, Units][] = [
    [base, direction * quantity],
    [quote, -direction * cost],
  ];
  for (const [asset, amount] of legs) {
    const own = asset === feeAsset ? fee : asset === quote ? charged : 0n;
    book('TRADE_HF', asset, amount - own, 'TRADE_EXCHANGE', { fee: own, context });
  }
  if (!isElsewhere) return;
  book('TRADE_HF', quote, charged, 'RETURNED_FEES', { context });
  book('TRADE_HF', feeAsset, -fee, 'DEDUCTION_FEES', { context });
}

function idOf(market: string): string {
  return market.replace('/', '-');
}
