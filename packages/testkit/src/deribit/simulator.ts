// A Deribit that answers on this machine: the futures part of a scenario told by the transaction
// log, in the words of docs.deribit.com. The scenario's USDT is Deribit's USDC, and both of its
// wallets are one cash balance. Profit is paid when a future is settled: here whenever the scenario
// pays funding, and once at its end. For tests; outside the trusted base.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { FLAT, trade, type Position } from '../scenario/book.ts';
import type { Scenario } from '../scenario/build-scenario.ts';
import type { ScenarioEvent } from '../scenario/events.ts';
import { markSeries, type Market } from '../scenario/markets.ts';
import { HOUR_MS, MINUTE_MS } from '../scenario/prices.ts';
import { plainText, type Units } from '../scenario/units.ts';
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

const CLOCK_MS = 60_000;
const LOGS_MAX = 250;
const RESOLUTIONS: Readonly<Record<string, number>> = { '1': MINUTE_MS, '60': HOUR_MS };

interface LogRow {
  readonly id: number;
  readonly at: number;
  readonly currency: string;
  readonly row: Readonly<Record<string, Json>>;
}

export function startDeribitSimulator(options: SimulatorOptions): Promise<Simulator> {
  const endpoints = [marketEndpoints, accountEndpoints];
  return startTable({ hosts: ['www.deribit.com'], words, checkSigned, endpoints }, options);
}

const { open, signed } = wrapped((result, { now }) => ({
  jsonrpc: '2.0',
  result,
  usIn: now * 1000,
  usOut: now * 1000,
  usDiff: 0,
  testnet: false,
}));

function marketEndpoints(scenario: Scenario): Endpoints {
  const markets = scenario.markets.filter(({ quote }) => quote === 'USDT');
  return {
    'GET /api/v2/public/get_time': open(({ now }) => now),
    'GET /api/v2/public/get_currencies': open(() =>
      ['BTC', 'BNB', 'USDC'].map((currency) => ({ currency })),
    ),
    'GET /api/v2/public/get_instruments': open(() => markets.map(instrument)),
    'GET /api/v2/public/get_tradingview_chart_data': open((call) => chart(call, scenario)),
  };
}

function accountEndpoints(scenario: Scenario): Endpoints {
  const { rows, sessions } = rowsOf(scenario);
  const balanceOf = (currency: string, now: number): Json =>
    rows.findLast((row) => row.currency === currency && row.at <= now)?.row['balance'] ?? 0;
  return {
    'GET /api/v2/private/list_api_keys': signed(() => [
      { client_id: 'another', max_scope: 'account:read_write trade:read_write' },
      {
        client_id: scenario.credentials.apiKey,
        max_scope: 'account:read trade:read wallet:read block_trade:none',
        ip_whitelist: [],
        enabled: true,
      },
    ]),
    'GET /api/v2/private/get_account_summaries': signed(({ now, params }) => ({
      ...(params.get('extended') === 'true' ? { id: 10, type: 'main' } : {}),
      summaries: ['BTC', 'BNB', 'USDC'].map((currency) => ({
        currency,
        balance: balanceOf(currency, now),
        futures_session_rpl: 0,
      })),
    })),
    'GET /api/v2/private/get_positions': signed(({ now }) =>
      [...sessions].map(([market, { contracts, cost }]) => {
        const mark = scenario.prices.at(markSeries(market), now);
        return {
          instrument_name: idOf(market),
          kind: 'future',
          direction: contracts === 0n ? 'zero' : contracts < 0n ? 'sell' : 'buy',
          size: numberOf(contracts),
          average_price: 1,
          mark_price: numberOf(mark),
          floating_profit_loss: numberOf((contracts * mark - cost) / 100_000_000n),
          realized_funding: 0,
        };
      }),
    ),
    'GET /api/v2/private/get_transaction_log': signed((call) => logPage(call, rows)),
  };
}

function refusal(status: number, code: number, message: string): Refusal {
  return new Refusal(status, JSON.stringify({ jsonrpc: '2.0', error: { code, message } }));
}

const words: FaultWords = {
  'http-429': () => refusal(429, 10028, 'too_many_requests'),
  'http-418': () => refusal(400, 10028, 'too_many_requests'),
  'http-451': () => new Refusal(451, '<html></html>'),
  'http-500': () => refusal(500, 13888, 'timed_out'),
  maintenance: () => refusal(400, 11051, 'system_maintenance'),
  'wrong-key': () => refusal(400, 13004, 'invalid_credentials'),
};

/** HMAC-SHA256 in hex over time, nonce, method, path with query, and body, line by line. */
function checkSigned(
  { method, url, body, headers, now }: VenueRequest,
  { credentials: { apiKey, secret } }: Scenario,
): void {
  const told = /^deri-hmac-sha256 id=(.*),ts=(\d+),sig=([0-9a-f]*),nonce=(.+)$/;
  const [, id, ts, sig = '', nonce] = told.exec(String(headers.authorization)) ?? [];
  if (id !== apiKey) throw refusal(400, 13004, 'invalid_credentials');
  if (!(Math.abs(now - Number(ts)) <= CLOCK_MS)) throw refusal(400, 13009, 'unauthorized');
  const text = `${ts}\n${nonce}\n${method}\n${url}\n${body}\n`;
  const expected = createHmac('sha256', secret).update(text).digest();
  const given = Buffer.from(sig, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw refusal(400, 13009, 'unauthorized');
  }
}

/** Newest first, both ends included; the continuation is the first id of the next page. */
function logPage({ params, faults, now }: VenueCall, rows: readonly LogRow[]): Json {
  const bound = (name: string, otherwise: number): number => Number(params.get(name) ?? otherwise);
  const [from, to] = [bound('start_timestamp', 0), bound('end_timestamp', now)];
  const past = rows.filter(({ at }) => at <= now);
  const listed = served(faults, past, now)
    .filter(({ currency }) => currency === params.get('currency'))
    .filter(({ at, id }) => at >= from && at <= to && id <= bound('continuation', Infinity))
    .toReversed();
  const count = Math.min(bound('count', 100), LOGS_MAX);
  const logs = cutPage(faults, listed, 0, count).map(({ row }) => row);
  return { logs, continuation: listed[count]?.id ?? null };
}

/** Oldest first, by column. */
function chart({ params, now, faults }: VenueCall, { markets, prices }: Scenario): Json {
  const bar = RESOLUTIONS[params.get('resolution') ?? ''];
  const market = markets.find(({ symbol }) => idOf(symbol) === params.get('instrument_name'));
  if (market === undefined || bar === undefined) throw refusal(400, -32602, 'Invalid params');
  const series = market.perpetual ? markSeries(market.symbol) : market.symbol;
  const from = Math.max(Number(params.get('start_timestamp')), prices.firstCandle);
  const to = Math.min(Number(params.get('end_timestamp')), now);
  const ticks: number[] = [];
  for (let at = Math.ceil(from / bar) * bar; at <= to; at += bar) ticks.push(at);
  const page = cutPage(faults, ticks, 0, ticks.length);
  const close = page.map((at) => numberOf(prices.candle(series, at, bar, now).close));
  return { status: ticks.length === 0 ? 'no_data' : 'ok', ticks: page, close };
}

function instrument({ symbol, base, tick, lot, perpetual }: Market): Json {
  return {
    instrument_name: idOf(symbol),
    kind: perpetual ? 'future' : 'spot',
    base_currency: base,
    counter_currency: 'USDC',
    quote_currency: 'USDC',
    settlement_currency: perpetual ? 'USDC' : null,
    settlement_period: perpetual ? 'perpetual' : null,
    contract_size: 0.001,
    min_trade_amount: numberOf(lot),
    tick_size: numberOf(tick),
    is_active: true,
  };
}

interface Rows {
  readonly rows: LogRow[];
  /** What is held since the last settlement, by market. */
  readonly sessions: Map<string, Position>;
}

type Book = (
  at: number,
  asset: string,
  type: string,
  change: Units,
  more?: Readonly<Record<string, Json>>,
) => void;

/** Every row of the scenario, oldest first, as Deribit would have logged it. */
function rowsOf({ events, end, prices }: Scenario): Rows {
  const told: Rows = { rows: [], sessions: new Map() };
  const balances = new Map<string, Units>();
  const book: Book = (at, asset, type, change, more = {}) => {
    const currency = asset === 'USDT' ? 'USDC' : asset;
    const after = (balances.get(currency) ?? 0n) + change;
    balances.set(currency, after);
    const id = 61_288 + 2 * told.rows.length;
    const row = {
      id,
      user_id: 10,
      user_seq: told.rows.length + 1,
      timestamp: at,
      type,
      currency,
      change: numberOf(change),
      cashflow: numberOf(change),
      balance: numberOf(after),
      side: '-',
      price: null,
      position: null,
      instrument_name: null,
      ...more,
    };
    told.rows.push({ id, at, currency, row });
  };
  const settle = (market: string, at: number, funding: Units): void => {
    const { contracts, cost } = told.sessions.get(market) ?? FLAT;
    const mark = prices.at(markSeries(market), at);
    const profit = (contracts * mark - cost) / 100_000_000n;
    const position = { contracts, cost: contracts * mark, changedAt: at };
    told.sessions.set(market, position);
    book(at, 'USDT', 'settlement', profit + funding, {
      instrument_name: idOf(market),
      side: contracts < 0n ? 'short' : 'long',
      position: numberOf(contracts),
      amount: numberOf(contracts < 0n ? -contracts : contracts),
      price: numberOf(mark),
    });
  };
  for (const event of events) bookEvent(event, book, settle, told.sessions);
  for (const market of told.sessions.keys()) settle(market, end, 0n);
  return told;
}

function bookEvent(
  event: ScenarioEvent,
  book: Book,
  settle: (market: string, at: number, funding: Units) => void,
  sessions: Map<string, Position>,
): void {
  const { at } = event;
  switch (event.kind) {
    case 'futures-fill': {
      const { market, side, quantity, price, fee, feeAsset } = event;
      const held = sessions.get(market) ?? FLAT;
      const direction = side === 'buy' ? 1n : -1n;
      const contracts = held.contracts + direction * quantity;
      const opens = trade(held, direction * quantity, price, at).realised === 0n;
      // The cost keeps what was realised in the session, until it is settled.
      const cost = held.cost + direction * quantity * price;
      sessions.set(market, { contracts, cost, changedAt: at });
      book(at, 'USDT', 'trade', feeAsset === 'USDT' ? -fee : 0n, {
        instrument_name: idOf(market),
        trade_id: String(event.tradeId),
        order_id: String(event.orderId),
        side: `${opens ? 'open' : 'close'} ${side}`,
        amount: numberOf(quantity),
        price: numberOf(price),
        position: numberOf(contracts),
      });
      if (feeAsset !== 'USDT') book(at, feeAsset, 'negative_balance_fee', -fee);
      break;
    }
    case 'funding':
      settle(event.market, at, event.amount);
      break;
    case 'deposit':
      book(at, event.asset, 'deposit', event.amount);
      break;
    case 'withdrawal':
      book(at, event.asset, 'withdrawal', -event.amount);
      break;
    case 'reward':
      book(at, event.asset, 'usdc_reward', event.amount);
      break;
    case 'transfer':
      break;
    case 'spot-fill':
    case 'dust':
    case 'conversion':
      throw new Error('Deribit is told the futures part of a scenario only.');
  }
}

function numberOf(amount: Units): number {
  return Number(plainText(amount));
}

/** `BTC/USDT:USDT` to `BTC_USDC-PERPETUAL`. */
function idOf(market: string): string {
  return market.replace('/USDT', '_USDC').replace(':USDT', '-PERPETUAL');
}
