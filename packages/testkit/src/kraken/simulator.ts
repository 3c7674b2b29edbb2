// A Kraken that answers on this machine: the spot part of a scenario told by a ledger with running
// balances, in the words of docs.kraken.com. The scenario's funding wallet is what the account has
// in Kraken's rewards; its fee coin is charged by a row of its own. For tests; outside the trusted
// base.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Scenario } from '../scenario/build-scenario.ts';
import type { ScenarioEvent, SpotFill, Wallet } from '../scenario/events.ts';
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

const PAGE_MAX = 50;
const CANDLES_MAX = 720;
const TRADES_MAX = 1000;
const NANOSECONDS = 1_000_000n;
/** Codes of assets that are older than the code of four letters. */
const LEGACY: Readonly<Record<string, string>> = { BTC: 'XXBT', ETH: 'XETH' };

interface LedgerRow {
  readonly id: string;
  readonly refid: string;
  readonly at: number;
  /** Rows of one millisecond in their order: the digits behind it. */
  readonly place: number;
  readonly type: string;
  readonly subtype: string;
  readonly asset: string;
  readonly amount: Units;
  readonly fee: Units;
  readonly balance: Units;
}

export function startKrakenSimulator(options: SimulatorOptions): Promise<Simulator> {
  const endpoints = [marketEndpoints, accountEndpoints];
  return startTable(
    { hosts: ['api.kraken.com'], words, checkSigned: signatureCheck(), endpoints },
    options,
  );
}

const { open, signed } = wrapped((result) => ({ error: [], result }));

function marketEndpoints(scenario: Scenario): Endpoints {
  const pairs = scenario.markets.filter(({ perpetual }) => !perpetual);
  return {
    'GET /0/public/Time': open(({ now }) => ({ unixtime: Math.floor(now / 1000) })),
    'GET /0/public/AssetPairs': open(() =>
      Object.fromEntries(pairs.map((market) => [idOf(market), pairRow(market)])),
    ),
    'GET /0/public/OHLC': open((call) => candles(call, scenario)),
    'GET /0/public/Trades': open((call) => trades(call, scenario)),
  };
}

function accountEndpoints(scenario: Scenario): Endpoints {
  const rows = ledgerOf(scenario);
  const bookAt = scenario.readBook();
  const held = (now: number, wallet: Wallet, suffix: string): [string, Json][] =>
    [...bookAt(now).wallets[wallet]].map(([asset, amount]) => [
      codeOf(asset, suffix),
      plainText(amount),
    ]);
  return {
    'POST /0/private/GetApiKeyInfo': signed(() => ({
      api_key_name: 'record',
      permissions: ['query-funds', 'query-open-trades', 'query-closed-trades', 'query-ledger'],
      iban: 'AA88 N84G WOAK NMOI',
      valid_until: '0',
      query_from: '0',
      query_to: '0',
      ip_allowlist: [],
    })),
    'POST /0/private/Balance': signed(({ now }) =>
      Object.fromEntries([...held(now, 'spot', ''), ...held(now, 'funding', '.F')]),
    ),
    'POST /0/private/OpenPositions': signed(() => []),
    'POST /0/private/TradesHistory': signed(() => ({ trades: {}, count: 0 })),
    'POST /0/private/Ledgers': signed((call) => ledgerPage(call, rows)),
  };
}

function refusal(error: string): Refusal {
  return new Refusal(200, JSON.stringify({ error: [error] }));
}

const words: FaultWords = {
  'http-429': () => refusal('EAPI:Rate limit exceeded'),
  'http-418': () => refusal('EGeneral:Temporary lockout'),
  'http-451': () => new Refusal(451, '<html></html>'),
  'http-500': () => refusal('EGeneral:Internal error'),
  maintenance: () => refusal('EService:Unavailable'),
  'wrong-key': () => refusal('EAPI:Invalid key'),
  'skewed-clock': () => refusal('EAPI:Invalid nonce'),
};

/** HMAC-SHA512 in base64 over path and SHA-256 of nonce and body; nonces must ascend. */
function signatureCheck() {
  let lastNonce = 0n;
  return (
    { url, body, headers }: VenueRequest,
    { credentials: { apiKey, secret } }: Scenario,
  ): void => {
    if (headers['api-key'] !== apiKey) throw refusal('EAPI:Invalid key');
    const nonce = new URLSearchParams(body).get('nonce') ?? '';
    const digest = createHash('sha256')
      .update(nonce + body)
      .digest();
    const key = Buffer.from(secret, 'base64');
    const expected = createHmac('sha512', key).update(url).update(digest).digest();
    const given = Buffer.from(String(headers['api-sign']), 'base64');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw refusal('EAPI:Invalid signature');
    }
    if (!/^\d+$/.test(nonce) || BigInt(nonce) <= lastNonce) throw refusal('EAPI:Invalid nonce');
    lastNonce = BigInt(nonce);
  };
}

/** Newest first, by an offset; the start is not included and the end is. */
function ledgerPage(call: VenueCall, rows: readonly LedgerRow[]): Json {
  const { params, faults, now } = call;
  const bound = (name: string, otherwise: number): number =>
    Number(params.get(name) ?? otherwise) * 1000;
  const [start, end] = [bound('start', 0), bound('end', Math.ceil(now / 1000))];
  const past = rows.filter(({ at }) => at <= now);
  const listed = served(faults, past, now).filter(({ at }) => at > start && at <= end);
  const page = cutPage(faults, listed.toReversed(), Number(params.get('ofs') ?? 0), PAGE_MAX);
  const ledger = Object.fromEntries(page.map((row) => [row.id, ledgerRow(row)]));
  return { ledger, count: listed.length };
}

function ledgerRow({ refid, at, place, type, subtype, asset, amount, fee, balance }: LedgerRow) {
  return {
    refid,
    time: Number(`${Math.floor(at / 1000)}.${String(at % 1000).padStart(3, '0')}${place}`),
    type,
    subtype,
    aclass: 'currency',
    asset,
    amount: text(amount),
    fee: text(fee),
    balance: text(balance),
  };
}

function candles({ params, now, faults }: VenueCall, scenario: Scenario): Json {
  const market = marketOf(params, scenario);
  const intervalMs = Number(params.get('interval') ?? 1) * MINUTE_MS;
  if (intervalMs !== MINUTE_MS && intervalMs !== HOUR_MS) {
    throw refusal('EGeneral:Invalid arguments:interval');
  }
  const { prices } = scenario;
  const since = Number(params.get('since') ?? 0) * 1000;
  const last = Math.floor(now / intervalMs) * intervalMs;
  const first = Math.max(last - (CANDLES_MAX - 1) * intervalMs, prices.firstCandle);
  const rows: Json[] = [];
  for (let at = first; at <= last; at += intervalMs) {
    if (at <= since) continue;
    const {
      open: opened,
      high,
      low,
      close,
      volume,
    } = prices.candle(market.symbol, at, intervalMs, now);
    const columns = [opened, high, low, close, close, volume].map((each) => text(each));
    rows.push([at / 1000, ...columns, 1]);
  }
  return { [idOf(market)]: cutPage(faults, rows, 0, CANDLES_MAX), last: last / 1000 };
}

/** Two trades in each minute, at its first and its last price. */
function trades({ params, now, faults }: VenueCall, scenario: Scenario): Json {
  const market = marketOf(params, scenario);
  const since = Number(BigInt(params.get('since') ?? '0') / NANOSECONDS);
  const max = Math.min(Number(params.get('count') ?? TRADES_MAX), TRADES_MAX);
  const rows: Json[] = [];
  const from = Math.max(scenario.prices.firstCandle, since - (since % MINUTE_MS));
  for (let at = from; at + MINUTE_MS <= now && rows.length < max; at += MINUTE_MS) {
    const { open: opened, close } = scenario.prices.candle(market.symbol, at, MINUTE_MS, now);
    for (const [price, time] of [
      [opened, at + 125],
      [close, at + 59_875],
    ] as const) {
      if (time > since) rows.push([text(price), '0.01', time / 1000, 'b', 'l', '', time]);
    }
  }
  return { [idOf(market)]: cutPage(faults, rows, 0, max), last: String(since) };
}

function marketOf(params: URLSearchParams, { markets }: Scenario): Market {
  const found = markets.find((each) => !each.perpetual && idOf(each) === params.get('pair'));
  if (found === undefined) throw refusal('EQuery:Unknown asset pair');
  return found;
}

function pairRow(market: Market): Json {
  const { base, quote, tickDigits, lotDigits } = market;
  return {
    altname: altnameOf(base) + altnameOf(quote),
    wsname: `${altnameOf(base)}/${altnameOf(quote)}`,
    aclass_base: 'currency',
    base: codeOf(base, ''),
    aclass_quote: 'currency',
    quote: codeOf(quote, ''),
    pair_decimals: tickDigits,
    lot_decimals: lotDigits,
    leverage_buy: [2, 3],
    leverage_sell: [2, 3],
    fees: [[0, 0.26]],
    fees_maker: [[0, 0.16]],
    ordermin: '0.0001',
    status: 'online',
  };
}

type Book = (
  event: ScenarioEvent,
  type: string,
  asset: string,
  amount: Units,
  more?: { readonly refid?: string; readonly fee?: Units; readonly subtype?: string },
) => void;

/** Every row of the scenario, oldest first, as Kraken would have booked it. */
function ledgerOf({ events }: Scenario): readonly LedgerRow[] {
  const rows: LedgerRow[] = [];
  const balances = new Map<string, Units>();
  const book: Book = (event, type, asset, amount, { refid, fee = 0n, subtype = '' } = {}) => {
    const balance = (balances.get(asset) ?? 0n) + amount - fee;
    balances.set(asset, balance);
    const last = rows.at(-1);
    const number = String(rows.length).padStart(5, '0');
    rows.push({
      id: `L${number}-SIMUL-ATEDXX`,
      refid: refid ?? `R${number}-SIMUL-ATEDXX`,
      at: event.at,
      place: last?.at === event.at ? Math.min(last.place + 1, 9) : 0,
      type,
      subtype,
      asset,
      amount,
      fee,
      balance,
    });
  };
  for (const event of events) bookEvent(event, book);
  return rows;
}

function bookEvent(event: ScenarioEvent, book: Book): void {
  switch (event.kind) {
    case 'spot-fill':
      bookFill(event, book);
      break;
    case 'deposit':
      if (event.credited) {
        const isInside = event.txId === OTHER_PART;
        const subtype = isInside ? { subtype: 'spotfromfutures' } : {};
        book(
          event,
          isInside ? 'transfer' : 'deposit',
          codeOf(event.asset, ''),
          event.amount,
          subtype,
        );
      }
      break;
    case 'withdrawal':
      if (!event.cancelled) {
        const isInside = event.txId === OTHER_PART;
        const more = isInside ? { subtype: 'spottofutures' } : { fee: event.networkFee };
        book(
          event,
          isInside ? 'transfer' : 'withdrawal',
          codeOf(event.asset, ''),
          -event.amount,
          more,
        );
      }
      break;
    case 'transfer': {
      const amount = event.to === 'funding' ? event.amount : -event.amount;
      const subtype = event.to === 'funding' ? 'allocation' : 'deallocation';
      book(event, 'earn', codeOf(event.asset, ''), -amount, { subtype });
      book(event, 'earn', codeOf(event.asset, '.F'), amount, { subtype });
      break;
    }
    case 'reward':
      book(
        event,
        event.cause === 'interest' ? 'staking' : 'reward',
        codeOf(event.asset, ''),
        event.amount,
      );
      break;
    case 'dust':
      for (const [index, part] of event.parts.entries()) {
        const refid = `S${event.id}-${index}`;
        book(event, 'spend', codeOf(part.asset, ''), -part.amount, { refid });
        const more = { refid, fee: part.charge };
        book(event, 'receive', codeOf(event.toAsset, ''), part.received + part.charge, more);
      }
      break;
    case 'conversion': {
      const refid = `S${event.id}`;
      book(event, 'spend', codeOf(event.fromAsset, ''), -event.fromAmount, { refid });
      book(event, 'receive', codeOf(event.toAsset, ''), event.toAmount, { refid });
      break;
    }
    case 'futures-fill':
    case 'funding':
      throw new Error('Kraken is told the spot part of a scenario only.');
  }
}

/** A row for each asset of the pair, and one for a fee in another asset. */
function bookFill(event: SpotFill, book: Book): void {
  const { market, side, fee, feeAsset, quantity, quote: cost, tradeId } = event;
  const [base = '', quote = ''] = market.split('/');
  const direction = side === 'buy' ? 1n : -1n;
  const refid = `T${market.replace('/', '')}-${tradeId}`;
  const legs: [string, Units][] = [
    [base, direction * quantity],
    [quote, -direction * cost],
  ];
  if (legs.every(([asset]) => asset !== feeAsset) && fee !== 0n) legs.push([feeAsset, 0n]);
  for (const [asset, amount] of legs) {
    const own = asset === feeAsset ? fee : 0n;
    book(event, 'trade', codeOf(asset, ''), amount, { refid, fee: own });
  }
}

/** `XXBT`, or `XBT.F` where it earns. */
function codeOf(asset: string, suffix: string): string {
  return suffix === '' ? (LEGACY[asset] ?? asset) : `${altnameOf(asset)}${suffix}`;
}

function altnameOf(asset: string): string {
  return asset === 'BTC' ? 'XBT' : asset;
}

/** `XETHXXBT` where both have legacy codes, otherwise `XBTUSDT`. */
function idOf({ base, quote }: Market): string {
  const isLegacy = LEGACY[base] !== undefined && LEGACY[quote] !== undefined;
  const nameOf = isLegacy ? (asset: string) => codeOf(asset, '') : altnameOf;
  return nameOf(base) + nameOf(quote);
}
