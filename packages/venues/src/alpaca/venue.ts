// Alpaca: shares, options and coins in one account of dollars. Its list of activities tells all
// that happened; account and positions tell what is held. Bars of shares need the owner's key, so
// prices are asked while the session is open. The venue's own portfolio history is no source: it
// knows no cash flows and rounds (returns.md section 2).

import type { Alpaca } from '@alpacahq/alpaca-trade-api/rest';
import { codeOf, RecordError } from '@track-record/errors';
import { divide, multiply, orderEntries, sign } from '@track-record/ledger';
import type { Decimal, Instrument, Mark, Window } from '@track-record/ledger';
import { sumBalances, type Holdings } from '../ccxt/holdings.ts';
import type { Contract, Pair } from '../ccxt/markets.ts';
import { DAY_MS, readPages, type Next, type Paging } from '../ccxt/pagers.ts';
import { answerPrices, HOUR_MS, type CandleRun } from '../ccxt/prices.ts';
import { parseAmount, parseRow, parseRows, parseSize, parseText, shape } from '../ccxt/rows.ts';
import { valueAt, type Row } from '../ccxt/rows.ts';
import type { Fetched, Permissions, PriceAnswer, PriceRequest } from '../contract.ts';
import type { Venue, VenueContext, VenueCredentials, VenueSession } from '../contract.ts';
import { exchangesOf, KINDS, parseTime, readActivities, type Exchange } from './activities.ts';
import { HOSTS, openClient, type AlpacaClient, type Call } from './client.ts';
import { CURRENCY, instrumentOf, pairOf } from './symbols.ts';

/** The most that the venue gives in one page. */
const ACTIVITIES_MAX = 100;
const BARS_MAX = 10_000;
/** Rows are listed by their day, and booked up to a week after it. */
const BOOKED_WITHIN_MS = 8 * DAY_MS;
/** The longest weekend of the exchanges, for which a close may be carried. */
const CARRIED_MS = 5 * DAY_MS;
/** Digits of a price that a ratio like 1:3 makes endless. */
const RESTATED_SCALE = 18;
/** A plan without a subscription may not ask for the last 15 minutes of the consolidated tape. */
const BARS_AFTER_MS = 16 * 60_000;

export const venue: Venue = {
  capabilities: {
    venue: 'alpaca',
    title: 'Alpaca',
    instruments: ['spot', 'equity', 'option'],
    feeds: KINDS,
    unseen: [
      'dividends and interest before they are paid, fees before they are posted',
      'fixed income and adjusted options: an account with them is refused',
    ],
    quoteCurrency: CURRENCY,
    // Fees of a day are posted in the night after it, its other activities by the next noon.
    finalityLagMs: 36 * HOUR_MS,
    historyMs: null,
    hosts: HOSTS,
    credentials: ['apiKey', 'secret'],
  },
  connect,
  // Bars of shares and options are for holders of a key; sessions ask for them.
  prices: () => Promise.resolve({ prices: [], marks: [] }),
};

/** Every key trades, and moves coins to addresses that its owner allowed; none only reads. */
export const permissions: Permissions = {
  read: true,
  trade: true,
  withdraw: true,
  ipRestricted: null,
};

/** The environment that knows the key says whether it is simulated, not how the key begins. */
async function connect(
  credentials: VenueCredentials,
  context: VenueContext,
): Promise<VenueSession> {
  for (const paper of [false, true]) {
    const client = openClient(credentials, paper, context);
    try {
      const { id } = await readAccount(client.call);
      return sessionOf(client, { venueAccountId: id, paper, permissions });
    } catch (error) {
      await client.close();
      if (paper || codeOf(error) !== 'VENUE_KEY_REJECTED') throw error;
    }
  }
  throw new RecordError('VENUE_KEY_REJECTED');
}

function sessionOf(
  client: AlpacaClient,
  identity: Awaited<ReturnType<VenueSession['identify']>>,
): VenueSession {
  const { call, close } = client;
  const exchanges = new Map<string, Exchange>();
  return {
    identify: () => Promise.resolve(identity),
    observe: async () => {
      const asOf = await readClock(call);
      const { cash } = await readAccount(call);
      const held = holdingsOf(cash, await readPositions(call));
      const names = held.positions.map(({ instrument }) => instrument);
      const quietUntil = await readClock(call);
      return { anchor: { asOf, ...held }, instruments: instrumentsOf(names), quietUntil };
    },
    fetch: (window) => fetchActivities(client, identity.venueAccountId, window, exchanges),
    quotes: {
      currency: CURRENCY,
      ask: (requests) => fetchPrices(call, requests, exchanges.values()),
    },
    close,
  };
}

async function fetchActivities(
  { call, requestCount }: AlpacaClient,
  accountId: string,
  window: Window,
  exchanges: Map<string, Exchange>,
): Promise<Fetched> {
  const requestsBefore = requestCount();
  const now = await readClock(call);
  const after = new Date(window.from - BOOKED_WITHIN_MS);
  const asked = { after, direction: 'asc', pageSize: ACTIVITIES_MAX } as const;
  // A short page proves nothing here: an empty one ends the list.
  const paging = pages(({ rows }) => rows.at(-1)?.['id'] ?? null);
  const rows = await readPages(window, paging, async (page) => {
    const answer = await call(({ trading }) =>
      trading.accountActivities.getAccountActivitiesRaw({ ...asked, ...page }),
    );
    return { answer, rows: parseRows(answer, 'activities') };
  });
  if (rows.some((row) => (row['account_id'] ?? accountId) !== accountId)) throw shape('account_id');
  const told = readActivities(rows);
  for (const each of exchangesOf(rows)) exchanges.set(`${each.next.symbol} ${each.at}`, each);
  // A row of today without a time counts at the end of today, and the balances hold it already.
  if (told.some(({ at }) => at > now)) throw new RecordError('VENUE_INCOMPLETE', { place: 'date' });
  return {
    entries: orderEntries(told.filter(({ at }) => at >= window.from && at < window.to)),
    instruments: instrumentsOf(told.flatMap(({ position }) => position?.instrument ?? [])),
    ignored: [],
    cursor: '{}',
    requests: requestCount() - requestsBefore,
  };
}

async function fetchPrices(
  call: Call,
  requests: readonly PriceRequest[],
  exchanges: Iterable<Exchange>,
): Promise<PriceAnswer> {
  const latest = (await readClock(call)) - BARS_AFTER_MS;
  const asked = requests.filter(({ at }) => at <= latest);
  const marked = asked.filter(({ kind }) => kind === 'mark');
  const { prices, marks } = await answerPrices(asked, {
    markets: {
      pairs: new Map(asked.map(({ name }) => [name, coinPair(name)])),
      contracts: new Map(marked.map(({ name }) => [name, contractOf(name)])),
    },
    pivots: [],
    rowsMax: BARS_MAX,
    fetchCloses: (run) => fetchCloses(call, run),
  });
  const isTold = new Set(marks.map(({ instrument, at }) => `${instrument} ${at}`));
  const restated: Mark[] = [];
  for (const exchange of exchanges) {
    const { at: since, next } = exchange;
    const at = since - (since % HOUR_MS) + HOUR_MS;
    const isAsked = marked.some((each) => each.name === next.symbol && each.at === at);
    if (!isAsked || isTold.has(`${next.symbol} ${at}`)) continue;
    const price = await restatedClose(call, exchange);
    if (price !== null) restated.push({ instrument: next.symbol, at, price });
  }
  return { prices, marks: [...marks, ...restated] };
}

/** The last close in the new shares: carried as it was, a split would double what is held. */
async function restatedClose(call: Call, { at, old, next }: Exchange): Promise<Decimal | null> {
  const last = at - (at % HOUR_MS);
  const run = { kind: 'mark', marketId: old.symbol, intervalMs: HOUR_MS } as const;
  const closes = await fetchCloses(call, { ...run, first: last - CARRIED_MS, last });
  const close = closes.get(Math.max(...closes.keys()));
  if (close === undefined) return null;
  return divide(multiply(close, old.quantity), next.quantity, RESTATED_SCALE);
}

/** Closes by the instant at which their bar ends, as they were traded: not adjusted for splits. */
async function fetchCloses(
  call: Call,
  { kind, marketId, intervalMs, first, last }: CandleRun,
): Promise<ReadonlyMap<number, Decimal>> {
  const asked = {
    symbols: marketId,
    timeframe: intervalMs === HOUR_MS ? '1Hour' : '1Min',
    start: new Date(first - intervalMs),
    end: new Date(last - intervalMs),
    limit: BARS_MAX,
  };
  const ask = ({ marketData }: Alpaca, page: object) => {
    const request = { ...asked, ...page };
    if (kind === 'asset') return marketData.crypto.cryptoBarsRaw({ ...request, loc: 'us' });
    if (instrumentOf(marketId).kind === 'option') return marketData.options.optionBarsRaw(request);
    // Under the name that was traded then: without it a renamed share has no past.
    const tape = { adjustment: 'raw', feed: 'sip', asof: '-' } as const;
    return marketData.stocks.stockBarsRaw({ ...request, ...tape });
  };
  const paging = pages(({ answer }) => valueAt(answer, 'next_page_token') ?? null);
  const bars = await readPages({ from: first, to: last + 1 }, paging, async (page) => {
    const answer = await call((alpaca) => ask(alpaca, page));
    const lists = parseRow(valueAt(answer, 'bars') ?? {}, 'bars');
    return { answer, rows: parseRows(lists[marketId] ?? [], 'bars') };
  });
  return new Map(bars.map((bar) => [parseTime(bar, 't') + intervalMs, parseClose(bar)]));
}

function parseClose(bar: Row): Decimal {
  const close = parseSize(bar, 'c');
  if (sign(close) === 0) throw shape('bars.close');
  return close;
}

/** One interval, page after page by a token of the answer's; null proves that nothing follows. */
function pages(tokenOf: (page: Parameters<Next>[0]) => unknown): Paging {
  return {
    spanMs: Infinity,
    rows: Infinity,
    parametersOf: (_part, token) => (token === null ? {} : { pageToken: token }),
    next: (page) => {
      const token = tokenOf(page);
      return token === null ? null : parseText({ token }, 'token');
    },
  };
}

async function readClock(call: Call): Promise<number> {
  const clock = await call(({ trading }) => trading.clock.legacyClockRaw());
  return parseTime(parseRow(clock, 'clock'), 'timestamp');
}

export async function readAccount(
  call: Call,
): Promise<{ readonly id: string; readonly cash: Decimal }> {
  const row = parseRow(await call(({ trading }) => trading.account.getAccountRaw()), 'account');
  // In another currency amounts are converted at rates that no activity tells in full.
  if (parseText(row, 'currency') !== CURRENCY) throw shape('currency');
  return { id: parseText(row, 'id'), cash: parseAmount(row, 'cash') };
}

export async function readPositions(call: Call): Promise<readonly Row[]> {
  const positions = await call(({ trading }) => trading.positions.getAllOpenPositionsRaw());
  return parseRows(positions, 'positions');
}

/** Coins are balances, everything else positions; the short side has a quantity below zero. */
export function holdingsOf(cash: Decimal, rows: readonly Row[]): Holdings {
  const held = rows.map((row) => {
    const contracts = parseAmount(row, 'qty');
    const instrument = parseText(row, 'symbol');
    if (parseText(row, 'side') !== (sign(contracts) < 0 ? 'short' : 'long')) throw shape('side');
    const coin = pairOf(instrument)?.base ?? null;
    const isCoin = parseText(row, 'asset_class') === 'crypto';
    if (isCoin !== (coin !== null)) throw shape('asset_class');
    return { coin, instrument, contracts, entryPrice: parseSize(row, 'avg_entry_price') };
  });
  const coins = held.flatMap(({ coin, contracts }) =>
    coin === null ? [] : [[coin, contracts] as const],
  );
  return {
    balances: sumBalances([[CURRENCY, cash], ...coins]),
    positions: held.flatMap(({ coin, ...position }) => (coin === null ? [position] : [])),
  };
}

function contractOf(symbol: string): Contract {
  return { id: symbol, symbol, instrument: instrumentOf(symbol) };
}

function coinPair(base: string): Pair {
  return { id: `${base}/${CURRENCY}`, base, quote: CURRENCY, isActive: true };
}

function instrumentsOf(names: readonly string[]): ReadonlyMap<string, Instrument> {
  return new Map(names.map((name) => [name, instrumentOf(name)]));
}
