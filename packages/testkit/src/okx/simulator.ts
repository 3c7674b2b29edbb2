// An OKX that answers on this machine: the scenario's account told by bills with running balances,
// in the words of okx.com/docs-v5. The scenario's spot and futures wallets are OKX's one trading
// account; its fee coin is charged by a bill of its own. Money from outside passes through the
// funding account, as it does at OKX. For tests; outside the trusted base.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { balance } from '../scenario/book.ts';
import type { Scenario } from '../scenario/build-scenario.ts';
import type { ScenarioEvent, Wallet, Withdrawal } from '../scenario/events.ts';
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

export const OKX_PASSPHRASE = 'Scenario-passphrase-1';
/** A request is stale after this long. */
const CLOCK_MS = 30_000;
const PAGE_MAX = 100;
const ARCHIVE_MS = 92 * 24 * HOUR_MS;
/** Contracts of 0.01 BTC and 0.1 ETH. */
const CONTRACT_DIGITS: Readonly<Record<string, number>> = { BTC: 2, ETH: 1 };
const BARS_MS: Readonly<Record<string, number>> = { '1m': MINUTE_MS, '1H': HOUR_MS };

type Account = 'trading' | 'funding';

interface Bill {
  readonly account: Account;
  readonly id: bigint;
  readonly at: number;
  readonly asset: string;
  readonly change: Units;
  readonly after: Units;
  readonly type: string;
  readonly more: Readonly<Record<string, string>>;
}

export function startOkxSimulator(options: SimulatorOptions): Promise<Simulator> {
  const endpoints = [marketEndpoints, accountEndpoints];
  return startTable({ hosts: ['www.okx.com'], words, checkSigned, endpoints }, options);
}

const { open, signed } = wrapped((data) => ({ code: '0', msg: '', data }));

function marketEndpoints(scenario: Scenario): Endpoints {
  return {
    'GET /api/v5/public/time': open(({ now }) => [{ ts: String(now) }]),
    'GET /api/v5/public/instruments': open(({ params }) =>
      scenario.markets
        .filter(({ perpetual }) => (params.get('instType') === 'SWAP') === perpetual)
        .map(instrument),
    ),
    'GET /api/v5/market/history-candles': open((call) => candles(call, scenario, false)),
    'GET /api/v5/market/history-mark-price-candles': open((call) => candles(call, scenario, true)),
  };
}

function accountEndpoints(scenario: Scenario): Endpoints {
  const bills = billsOf(scenario);
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
    'GET /api/v5/account/config': signed(() => [
      { uid: '44705892343619584', acctLv: '3', posMode: 'net_mode', perm: 'read_only', ip: '' },
    ]),
    'GET /api/v5/account/balance': signed(({ now }) => [
      { details: held(now, ['spot', 'futures']).map(([ccy, cashBal]) => ({ ccy, cashBal })) },
    ]),
    'GET /api/v5/asset/balances': signed(({ now }) =>
      held(now, ['funding']).map(([ccy, bal]) => ({ ccy, bal })),
    ),
    'GET /api/v5/account/positions': signed(({ now }) =>
      [...bookAt(now).positions]
        .filter(([, { contracts }]) => contracts !== 0n)
        .map(([market, { contracts, cost }]) => ({
          instId: idOf(market),
          instType: 'SWAP',
          posSide: 'net',
          pos: contractsOf(market, contracts),
          avgPx: plainText(roundedQuotient(cost, contracts)),
        })),
    ),
    'GET /api/v5/account/bills-archive': signed((call) => {
      const [begin, end] = [call.params.get('begin'), call.params.get('end')];
      const from = Math.max(call.now - ARCHIVE_MS, Number(begin ?? 0));
      const to = Number(end ?? call.now);
      return billPage(
        call,
        bills,
        ({ account, at }) => account === 'trading' && at >= from && at <= to,
      );
    }),
    'GET /api/v5/asset/bills-history': signed((call) =>
      billPage(call, bills, ({ account }) => account === 'funding'),
    ),
    'GET /api/v5/asset/withdrawal-history': signed((call) => withdrawals(call, scenario)),
  };
}

function refusal(status: number, code: string, msg: string): Refusal {
  return new Refusal(status, JSON.stringify({ msg, code }));
}

const words: FaultWords = {
  'http-429': () => refusal(429, '50011', 'Too Many Requests'),
  'http-418': () => refusal(429, '50011', 'Too Many Requests'),
  'http-451': () => new Refusal(451, '<html></html>'),
  'http-500': () => refusal(500, '50026', 'System error. Try again later.'),
  maintenance: () => refusal(503, '50001', 'Service temporarily unavailable. Try again later'),
  'wrong-key': () => refusal(401, '50111', 'Invalid OK-ACCESS-KEY'),
  'skewed-clock': () => refusal(401, '50102', 'Timestamp request expired'),
};

/** HMAC-SHA256 in base64 over time, method, path with query, and body. */
function checkSigned(
  { method, url, body, headers, now }: VenueRequest,
  { credentials: { apiKey, secret } }: Scenario,
): void {
  const header = (name: string): string => String(headers[`ok-access-${name}`] ?? '');
  if (header('key') === '') throw refusal(401, '50103', 'Request header "OK-ACCESS-KEY" is empty');
  if (header('key') !== apiKey) throw refusal(401, '50111', 'Invalid OK-ACCESS-KEY');
  const at = Date.parse(header('timestamp'));
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(header('timestamp'))) {
    throw refusal(401, '50112', 'Invalid OK-ACCESS-TIMESTAMP');
  }
  if (Math.abs(now - at) > CLOCK_MS) throw refusal(401, '50102', 'Timestamp request expired');
  const text = header('timestamp') + method + url + body;
  const expected = createHmac('sha256', secret).update(text).digest();
  const given = Buffer.from(header('sign'), 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw refusal(401, '50113', 'Invalid Sign');
  }
  if (header('passphrase') !== OKX_PASSPHRASE) {
    throw refusal(401, '50105', 'Request header "OK-ACCESS-PASSPHRASE" incorrect');
  }
}

/** Newest first, from below the bill named. */
function billPage(call: VenueCall, bills: readonly Bill[], is: (bill: Bill) => boolean): Json[] {
  const after = call.params.get('after');
  const limit = Math.min(Number(call.params.get('limit') ?? PAGE_MAX), PAGE_MAX);
  const known = served(
    call.faults,
    bills.filter((bill) => bill.at <= call.now),
    call.now,
  );
  const rows = known.filter(is).filter(({ id }) => after === null || id < BigInt(after));
  return cutPage(call.faults, rows.toReversed(), 0, limit).map((bill) => ({
    billId: String(bill.id),
    ccy: bill.asset,
    balChg: plainText(bill.change),
    bal: plainText(bill.after),
    type: bill.type,
    ts: String(bill.at),
    ...bill.more,
  }));
}

/** `before` and `after` are instants; neither is included. */
function withdrawals(call: VenueCall, scenario: Scenario): Json[] {
  const [after, before] = [call.params.get('after'), call.params.get('before')];
  const isWithdrawal = (event: ScenarioEvent): event is Withdrawal => event.kind === 'withdrawal';
  const rows = scenario.events
    .filter(isWithdrawal)
    .filter(({ at }) => at <= call.now && (after === null || at < Number(after)))
    .filter(({ at }) => before === null || at > Number(before));
  const known = served(call.faults, rows, call.now);
  return cutPage(call.faults, known.toReversed(), 0, PAGE_MAX).map((row) => ({
    ccy: row.asset,
    amt: plainText(row.amount),
    fee: plainText(row.networkFee),
    txId: row.cancelled ? '' : row.txId,
    wdId: String(row.id),
    state: row.cancelled ? '-2' : call.now < row.completedAt ? '1' : '2',
    ts: String(row.at),
  }));
}

function candles({ params, now, faults }: VenueCall, scenario: Scenario, mark: boolean): Json[] {
  const bar = BARS_MS[params.get('bar') ?? '1m'];
  const market = scenario.markets.find(({ symbol }) => idOf(symbol) === params.get('instId'));
  if (market === undefined) throw refusal(200, '51001', 'Instrument ID does not exist.');
  if (bar === undefined) throw refusal(400, '51000', 'Parameter bar error');
  const { prices } = scenario;
  const after = Math.min(Number(params.get('after') ?? now + 1), now + 1);
  const before = Math.max(Number(params.get('before') ?? 0), prices.firstCandle - 1);
  const rows: Json[] = [];
  const series = mark ? markSeries(market.symbol) : market.symbol;
  for (
    let at = Math.floor((after - 1) / bar) * bar;
    at > before && rows.length < PAGE_MAX;
    at -= bar
  ) {
    const { open, high, low, close } = prices.candle(series, at, bar, now);
    const confirm = at + bar <= now ? '1' : '0';
    rows.push([String(at), text(open), text(high), text(low), text(close), confirm]);
  }
  return [...cutPage(faults, rows, 0, PAGE_MAX)];
}

function instrument(market: Market): Json {
  const { base, quote, perpetual, tick, lot } = market;
  return {
    instId: idOf(market.symbol),
    instType: perpetual ? 'SWAP' : 'SPOT',
    baseCcy: perpetual ? '' : base,
    quoteCcy: perpetual ? '' : quote,
    settleCcy: perpetual ? quote : '',
    uly: perpetual ? `${base}-${quote}` : '',
    ctType: perpetual ? 'linear' : '',
    ctVal: perpetual ? `0.${'1'.padStart(CONTRACT_DIGITS[base] ?? 1, '0')}` : '',
    ctValCcy: perpetual ? base : '',
    ctMult: perpetual ? '1' : '',
    tickSz: plainText(tick),
    lotSz: perpetual ? '0.01' : plainText(lot),
    minSz: perpetual ? '0.01' : plainText(lot),
    lever: '10',
    state: 'live',
  };
}

/** Every bill of the scenario, oldest first, as OKX would have booked it. */
function billsOf({ events }: Scenario): readonly Bill[] {
  const bills: Bill[] = [];
  const balances = new Map<string, Units>();
  let id = 623_950_854_533_513_219n;
  const book = (
    account: Account,
    at: number,
    asset: string,
    change: Units,
    type: string,
    more: Bill['more'] = {},
  ): void => {
    const after = (balances.get(`${account} ${asset}`) ?? 0n) + change;
    balances.set(`${account} ${asset}`, after);
    id += 7n;
    bills.push({ account, id, at, asset, change, after, type, more });
  };
  /** From funding to trading, or back where the amount is below zero. */
  const move = (at: number, asset: string, amount: Units): void => {
    book('funding', at, asset, -amount, amount > 0n ? '131' : '130');
    book('trading', at, asset, amount, '1', { subType: amount > 0n ? '11' : '12' });
  };
  for (const event of events) bookEvent(event, book, move);
  return bills;
}

type Book = (
  account: Account,
  at: number,
  asset: string,
  change: Units,
  type: string,
  more?: Bill['more'],
) => void;

const REWARD_TYPES = { interest: '89', airdrop: '28', rebate: '68' } as const;

function bookEvent(
  event: ScenarioEvent,
  book: Book,
  move: (at: number, asset: string, amount: Units) => void,
): void {
  const { at } = event;
  switch (event.kind) {
    case 'spot-fill':
    case 'futures-fill':
      bookFill(event, book);
      break;
    case 'funding':
      book('trading', at, event.asset, event.amount, '8', { subType: '173' });
      break;
    case 'deposit':
      if (!event.credited) break;
      book('funding', at, event.asset, event.amount, '1');
      move(at, event.asset, event.amount);
      break;
    case 'withdrawal':
      if (event.cancelled) break;
      move(at, event.asset, -event.amount - event.networkFee);
      book('funding', at, event.asset, -event.amount - event.networkFee, '2');
      break;
    case 'transfer':
      if (event.from === 'funding') move(at, event.asset, event.amount);
      if (event.to === 'funding') move(at, event.asset, -event.amount);
      break;
    case 'reward':
      book('funding', at, event.asset, event.amount, REWARD_TYPES[event.cause]);
      move(at, event.asset, event.amount);
      break;
    case 'dust':
      for (const part of event.parts) {
        book('trading', at, part.asset, -part.amount, '28');
        book('trading', at, event.toAsset, part.received, '28');
      }
      break;
    case 'conversion':
      book('trading', at, event.fromAsset, -event.fromAmount, '27');
      book('trading', at, event.toAsset, event.toAmount, '27');
      break;
  }
}

/** One bill per asset of a pair, one for a contract, and one for a fee in another asset. */
function bookFill(
  event: Extract<ScenarioEvent, { kind: 'spot-fill' | 'futures-fill' }>,
  book: Book,
): void {
  const { at, market, side, fee, feeAsset } = event;
  const direction = side === 'buy' ? 1n : -1n;
  const isSwap = event.kind === 'futures-fill';
  const [base = '', quote = ''] = market.replace(/:.*/, '').split('/');
  const legs: [string, Units][] = isSwap
    ? [[quote, event.realised]]
    : [
        [base, direction * event.quantity],
        [quote, -direction * event.quote],
      ];
  const common = {
    instId: idOf(market),
    tradeId: String(event.tradeId),
    subType: side === 'buy' ? '1' : '2',
    px: plainText(event.price),
  };
  for (const [asset, amount] of legs) {
    const own = asset === feeAsset ? -fee : 0n;
    const sz = isSwap ? contractsOf(market, event.quantity) : plainText(event.quantity);
    const more = { ...common, instType: isSwap ? 'SWAP' : 'SPOT', sz, fee: plainText(own) };
    book('trading', at, asset, amount + own, '2', more);
  }
  if (fee === 0n || legs.some(([asset]) => asset === feeAsset)) return;
  const more = { ...common, instType: 'SPOT', sz: '0', fee: plainText(-fee) };
  book('trading', at, feeAsset, -fee, '2', more);
}

/** `BTC/USDT:USDT` to `BTC-USDT-SWAP`. */
function idOf(market: string): string {
  return market.replace('/', '-').replace(/:.*/, '-SWAP');
}

function contractsOf(market: string, quantity: Units): string {
  const digits = CONTRACT_DIGITS[market.split('/')[0] ?? ''] ?? 0;
  return plainText(quantity * 10n ** BigInt(digits));
}
