// A Coinbase that answers on this machine: the spot part of a scenario told by fills and by the
// transactions of each wallet, in the words of docs.cdp.coinbase.com. The scenario's spot and
// funding wallets are one here. Coinbase charges in the quote only, so a fee in another asset is a
// transaction of its own; and pairs quoted in BTC, whose sums the scenario cuts, are told as
// conversions. For tests; outside the trusted base.

import { generateKeyPairSync, verify, type KeyObject } from 'node:crypto';
import { balance } from '../scenario/book.ts';
import type { Scenario } from '../scenario/build-scenario.ts';
import type { ScenarioEvent, SpotFill } from '../scenario/events.ts';
import type { Market } from '../scenario/markets.ts';
import { HOUR_MS, MINUTE_MS } from '../scenario/prices.ts';
import { plainText, text, type Units } from '../scenario/units.ts';
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

const HOST = 'api.coinbase.com';
/** A token is good for so long, and not before it begins. */
const TOKEN_S = 120;
const FILLS_MAX = 100;
const TRANSACTIONS_MAX = 100;
const CANDLES_MAX = 350;
const GRANULARITIES: Readonly<Record<string, number>> = {
  ONE_MINUTE: MINUTE_MS,
  ONE_HOUR: HOUR_MS,
};

/** A key of the Coinbase Developer Platform: its name, its secret, and what proves it. */
export interface CdpKey {
  readonly apiKey: string;
  readonly secret: string;
  readonly proof: KeyObject;
}

export function createEcKey(): CdpKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  return { apiKey: 'organizations/3b910e93/apiKeys/0a1b2c3d', secret, proof: publicKey };
}

/** Its secret is the seed and the public key, in base64. */
export function createEdKey(): CdpKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const parts = [d, x].map((part) => Buffer.from(part, 'base64url'));
  const secret = Buffer.concat(parts).toString('base64');
  return { apiKey: 'd2efa49a-369c-43d7-a60e-ae26e28853c2', secret, proof: publicKey };
}

interface Told {
  readonly scenario: Scenario;
  readonly keys: readonly CdpKey[];
}

export function startCoinbaseSimulator(
  { scenario, ...options }: SimulatorOptions,
  keys: readonly CdpKey[],
): Promise<Simulator> {
  const table = {
    hosts: [HOST],
    words,
    checkSigned,
    endpoints: [
      (told: Told) => marketEndpoints(told.scenario),
      (told: Told) => accountEndpoints(told.scenario),
    ],
  };
  return startTable(table, { ...options, scenario: { scenario, keys } });
}

function endpoint(isSigned: boolean, answer: (call: VenueCall) => Json): VenueEndpoint {
  return { isSigned, answer };
}

function marketEndpoints(scenario: Scenario): Endpoints {
  const pairs = scenario.markets.filter(({ perpetual }) => !perpetual);
  const candleEndpoints = pairs.map((market): [string, VenueEndpoint] => [
    `GET /api/v3/brokerage/market/products/${idOf(market.symbol)}/candles`,
    endpoint(false, (call) => candles(call, market, scenario)),
  ]);
  return {
    'GET /api/v3/brokerage/time': endpoint(false, ({ now }) => ({
      iso: isoOf(now),
      epochSeconds: String(Math.floor(now / 1000)),
      epochMillis: String(now),
    })),
    'GET /api/v3/brokerage/market/products': endpoint(false, ({ params }) => ({
      products: params.get('product_type') === 'FUTURE' ? [] : pairs.map(product),
    })),
    ...Object.fromEntries(candleEndpoints),
  };
}

function accountEndpoints(scenario: Scenario): Endpoints {
  const bookAt = scenario.readBook();
  const { fills, transactions } = rowsOf(scenario);
  const wallets = scenario.assets.map((asset): [string, VenueEndpoint] => [
    `GET /v2/accounts/${walletOf(asset)}/transactions`,
    endpoint(true, (call) => transactionPage(call, transactions.get(asset) ?? [])),
  ]);
  return {
    'GET /api/v3/brokerage/key_permissions': endpoint(true, () => ({
      can_view: true,
      can_trade: false,
      can_transfer: false,
      portfolio_uuid: 'b87a2d5e-0a1c-5f55-8b1f-0c9c8a5a4e57',
      portfolio_type: 'DEFAULT',
    })),
    'GET /api/v3/brokerage/accounts': endpoint(true, ({ now }) => ({
      accounts: scenario.assets.map((currency) => {
        const held = balance(bookAt(now), 'spot', currency);
        const value = plainText(held + balance(bookAt(now), 'funding', currency));
        return {
          uuid: walletOf(currency),
          currency,
          available_balance: { value, currency },
          hold: { value: '0', currency },
        };
      }),
      has_next: false,
      cursor: '',
    })),
    'GET /api/v3/brokerage/orders/historical/fills': endpoint(true, (call) =>
      fillPage(call, fills),
    ),
    ...Object.fromEntries(wallets),
  };
}

const words: FaultWords = {
  'http-429': () => new Refusal(429, '{"error":"RESOURCE_EXHAUSTED","message":"too many"}'),
  'http-451': () => new Refusal(451, '<html></html>'),
  'http-500': () => new Refusal(500, '{"errors":[{"id":"internal_server_error","message":"-"}]}'),
  maintenance: () => new Refusal(503, 'upstream connect error'),
  'wrong-key': () => new Refusal(401, 'Unauthorized\n'),
  'skewed-clock': () => new Refusal(401, 'Unauthorized\n'),
};

/** A signed token that names the key, the request without its query, and two minutes. */
function checkSigned({ method, url, headers, now }: VenueRequest, { keys }: Told): void {
  const unauthorized = new Refusal(401, 'Unauthorized\n');
  const [, token = ''] = String(headers.authorization ?? '').split('Bearer ');
  const [head = '', body = '', signature = ''] = token.split('.');
  const partOf = (part: string): Record<string, unknown> => {
    const json = Buffer.from(part, 'base64url').toString();
    return parseClaims(json === '' ? '{}' : json);
  };
  const [header, claims] = [partOf(head), partOf(body)];
  const key = keys.find(({ apiKey }) => apiKey === claims['sub']);
  if (key === undefined || header['kid'] !== key.apiKey) throw unauthorized;
  const [hash, alg, issuer] =
    key.proof.asymmetricKeyType === 'ec'
      ? ['sha256', 'ES256', 'coinbase-cloud']
      : [null, 'EdDSA', 'cdp'];
  const proof = { key: key.proof, dsaEncoding: 'ieee-p1363' } as const;
  const bytes = [`${head}.${body}`, signature] as const;
  const isSigned = verify(hash, Buffer.from(bytes[0]), proof, Buffer.from(bytes[1], 'base64url'));
  const [path] = url.split('?');
  const told = [claims['uri'], claims['uris']].flat();
  const [from, to] = [Number(claims['nbf']), Number(claims['exp'])];
  const isNow = from * 1000 <= now + 1000 && now <= to * 1000 && to - from <= TOKEN_S;
  const isAddressed = header['alg'] === alg && claims['iss'] === issuer;
  if (!isSigned || !isNow || !isAddressed || !told.includes(`${method} ${HOST}${path}`)) {
    throw unauthorized;
  }
}

function parseClaims(json: string): Record<string, unknown> {
  return JSON.parse(json) as Record<string, unknown>;
}

interface FillRow {
  readonly at: number;
  readonly row: Json;
}

/** Newest first; the cursor is where the next page begins. */
function fillPage({ params, faults, now }: VenueCall, fills: readonly FillRow[]): Json {
  const from = Date.parse(params.get('start_sequence_timestamp') ?? '2012-01-01T00:00:00Z');
  const first = Number(params.get('cursor') ?? 0);
  const limit = Math.min(Number(params.get('limit') ?? FILLS_MAX), FILLS_MAX);
  const past = fills.filter(({ at }) => at <= now);
  const listed = served(faults, past, now).filter(({ at }) => at >= from);
  const page = cutPage(faults, listed.toReversed(), first, limit).map(({ row }) => row);
  return { fills: page, cursor: first + limit < listed.length ? String(first + limit) : '' };
}

interface TransactionRow {
  readonly id: string;
  readonly at: number;
  /** null: never. */
  readonly settledAt: number | null;
  readonly row: Readonly<Record<string, Json>>;
}

/** Newest first, from after a row that is named. */
function transactionPage(
  { params, faults, now }: VenueCall,
  rows: readonly TransactionRow[],
): Json {
  const limit = Math.min(Number(params.get('limit') ?? 25), TRANSACTIONS_MAX);
  const past = rows.filter(({ at }) => at <= now);
  const listed = served(faults, past, now).toReversed();
  const after = params.get('starting_after');
  const first = after === null ? 0 : listed.findIndex(({ id }) => id === after) + 1;
  const page = cutPage(faults, listed, first, limit);
  const last = first + limit < listed.length ? listed[first + limit - 1] : undefined;
  return {
    pagination: {
      ending_before: null,
      starting_after: after,
      next_starting_after: last?.id ?? null,
      limit,
      order: 'desc',
    },
    data: page.map(({ id, at, settledAt, row }) => ({
      status: settledAt !== null && settledAt <= now ? 'completed' : 'pending',
      ...row,
      id,
      // Transactions are told to the second.
      created_at: isoOf(at - (at % 1000)).replace('.000', ''),
      resource: 'transaction',
    })),
  };
}

/** Newest first, in seconds, both ends included. */
function candles({ params, now, faults }: VenueCall, market: Market, { prices }: Scenario): Json {
  const bar = GRANULARITIES[params.get('granularity') ?? ''];
  if (bar === undefined) throw new Refusal(400, '{"error":"INVALID_ARGUMENT"}');
  const from = Math.max(Number(params.get('start')) * 1000, prices.firstCandle);
  const to = Math.min(Number(params.get('end')) * 1000, now);
  if ((to - from) / bar > CANDLES_MAX) throw new Refusal(400, '{"error":"INVALID_ARGUMENT"}');
  const rows: Json[] = [];
  for (let at = Math.floor(to / bar) * bar; at >= from; at -= bar) {
    const { open, high, low, close } = prices.candle(market.symbol, at, bar, now);
    rows.push({
      start: String(at / 1000),
      low: text(low),
      high: text(high),
      open: text(open),
      close: text(close),
      volume: '1',
    });
  }
  return { candles: cutPage(faults, rows, 0, CANDLES_MAX) };
}

function product({ symbol, base, quote, tick, lot }: Market): Json {
  return {
    product_id: idOf(symbol),
    base_increment: plainText(lot),
    quote_increment: plainText(tick),
    price_increment: plainText(tick),
    product_type: 'SPOT',
    trading_disabled: false,
    base_currency_id: base,
    quote_currency_id: quote,
    alias_to: [],
  };
}

interface Rows {
  readonly fills: FillRow[];
  readonly transactions: Map<string, TransactionRow[]>;
}

type Book = (
  asset: string,
  amount: Units,
  type: string,
  more?: Readonly<Record<string, Json>>,
  settledAt?: number | null,
  at?: number,
) => void;

/** Every row of the scenario, oldest first, as Coinbase would have booked it. */
function rowsOf({ events }: Scenario): Rows {
  const rows: Rows = { fills: [], transactions: new Map() };
  let number = 0;
  for (const event of events) {
    const book: Book = (asset, amount, type, more = {}, settledAt = event.at, at = event.at) => {
      const wallet = rows.transactions.get(asset) ?? [];
      rows.transactions.set(asset, wallet);
      number += 1;
      const id = `957d98e2-f80e-5e2f-a28e-${String(number).padStart(12, '0')}`;
      const money = { amount: plainText(amount), currency: asset };
      wallet.push({ id, at, settledAt, row: { type, amount: money, ...more } });
    };
    bookEvent(event, book, rows.fills);
  }
  return rows;
}

const REWARD_TYPES = {
  interest: 'interest',
  airdrop: 'incentives_rewards_payout',
  rebate: 'subscription_rebate',
} as const;

function bookEvent(event: ScenarioEvent, book: Book, fills: FillRow[]): void {
  switch (event.kind) {
    case 'spot-fill':
      bookFill(event, book, fills);
      break;
    case 'deposit':
      book(event.asset, event.amount, 'send', {}, event.credited ? event.at : null);
      break;
    case 'withdrawal': {
      const currency = event.asset;
      const fee = { transaction_fee: { amount: plainText(event.networkFee), currency } };
      const network = { status: 'confirmed', hash: event.txId, ...fee };
      const state = event.cancelled ? { status: 'canceled' } : {};
      book(currency, -event.amount - event.networkFee, 'send', { network, ...state });
      break;
    }
    case 'transfer':
      break;
    case 'reward':
      book(event.asset, event.amount, REWARD_TYPES[event.cause]);
      break;
    case 'dust':
      for (const part of event.parts) {
        book(part.asset, -part.amount, 'retail_simple_dust');
        book(event.toAsset, part.received, 'retail_simple_dust');
      }
      break;
    case 'conversion':
      book(event.fromAsset, -event.fromAmount, 'trade');
      book(event.toAsset, event.toAmount, 'trade');
      break;
    case 'futures-fill':
    case 'funding':
      throw new Error('Coinbase is told the spot part of a scenario only.');
  }
}

/** A fill, and a transaction in each wallet of the pair. */
function bookFill(event: SpotFill, book: Book, fills: FillRow[]): void {
  const { at, market, side, fee, feeAsset, quantity, quote: cost } = event;
  const [base = '', quote = ''] = market.split('/');
  const direction = side === 'buy' ? 1n : -1n;
  if (feeAsset !== quote && fee !== 0n) {
    // Within its own second a charge would come before the purchase that it is paid from.
    book(feeAsset, -fee, 'subscription', {}, at, base === feeAsset ? at + 1000 : at);
  }
  const commission = feeAsset === quote ? fee : 0n;
  const isTold = quote === 'USDT';
  const details = {
    product_id: idOf(market),
    order_id: String(event.orderId),
    fill_price: plainText(event.price),
    commission: plainText(commission),
    order_side: side,
  };
  const more = isTold ? { advanced_trade_fill: details } : {};
  const type = isTold ? 'advanced_trade_fill' : 'trade';
  book(base, direction * quantity, type, more);
  book(quote, -direction * cost - commission, type, more);
  if (!isTold) return;
  fills.push({
    at,
    row: {
      entry_id: `${event.tradeId}-${event.id}`,
      trade_id: String(event.tradeId),
      order_id: String(event.orderId),
      trade_time: isoOf(at).replace('Z', '091Z'),
      trade_type: 'FILL',
      price: plainText(event.price),
      size: plainText(quantity),
      commission: plainText(commission),
      product_id: idOf(market),
      sequence_timestamp: isoOf(at),
      liquidity_indicator: event.maker ? 'MAKER' : 'TAKER',
      size_in_quote: false,
      side: side.toUpperCase(),
    },
  });
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}

function walletOf(asset: string): string {
  return `c6afbd34-4bd0-501e-8616-${Buffer.from(asset).toString('hex').padStart(12, '0')}`;
}

function idOf(market: string): string {
  return market.replace('/', '-');
}
