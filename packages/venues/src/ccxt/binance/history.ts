// Everything that happened in a window, complete or refused. Binance lists fills per symbol only,
// so the symbols to ask for are themselves found from balances and every other feed (venues.md
// section 6); a first fetch, which no earlier balance could contradict, asks for every pair there
// is. USD-M fills come from userTrades; income gives funding and the rest, and every commission or
// profit it names must belong to a fill we have: otherwise a symbol or a page is missing.

import { RecordError } from '@track-record/errors';
import { orderEntries, type Entry, type Window } from '@track-record/ledger';
import type { Fetched } from '../../contract.ts';
import type { CcxtClient } from '../client.ts';
import { instrumentsOf, perpetualOf, type Contract, type Markets } from '../markets.ts';
import { DAY_MS, pageById, pageByTime, type PageCap } from '../pagers.ts';
import { parseId, parseInstant, parseRows, parseText, type Row } from '../rows.ts';
import {
  EMPTY_CURSOR,
  parseCursor,
  placeSettled,
  walletWindow,
  type Cursor,
  type Fill,
} from './cursor.ts';
import { readFuturesFill, readIncome, readSpotFill, type Reading } from './entries.ts';
import { fiatFeeds, walletFeeds, type Feed } from './feeds.ts';
import { callFutures, fetchHoldings } from './holdings.ts';

const FILLS_MAX = 1000;
const USDM: PageCap = { spanMs: 7 * DAY_MS, rows: 1000 };
/** Income is stamped in whole seconds, so its fill may lie a little outside the window. */
const INCOME_SLACK_MS = 60_000;

/** Currencies that pairs are quoted in; a held asset is looked for against each of them. */
export const QUOTES: ReadonlySet<string> = new Set(
  'USDT USDC FDUSD BTC ETH BNB TUSD BUSD EUR TRY BRL JPY'.split(' '),
);

/**
 * Fiat orders take half of an account's minute, so an hourly fetch asks for them only where one of
 * these was held or moved. Another currency would show as a residual, and the fetch after that asks
 * for all.
 */
const FIAT: ReadonlySet<string> = new Set(
  'EUR GBP AUD TRY BRL JPY UAH PLN RON ARS ZAR NGN RUB CZK MXN COP KZT IDR AED USD CHF'.split(' '),
);

/**
 * What an hourly fetch reads again, so that rows which appear late are told: six times the finality
 * lag.
 */
const OVERLAP_MS = 3_600_000;
const START: Fill = { id: '0', at: 0 };

/** Income, the source of funding, is served for three months (venues.md section 6). */
const INCOME_HISTORY_MS = 90 * DAY_MS;

/** Income that userTrades tells; here it only proves that they are complete. */
const OF_FILLS: ReadonlySet<string> = new Set(['COMMISSION', 'REALIZED_PNL']);

export async function fetchHistory(
  client: CcxtClient,
  markets: Markets,
  window: Window,
  cursorText: string | null,
  now: number,
): Promise<Fetched> {
  const requestsBefore = client.requestCount();
  if (window.from < now - INCOME_HISTORY_MS) {
    throw new RecordError('VENUE_INCOMPLETE', { place: 'window.from' });
  }
  const cursor = cursorText === null ? EMPTY_CURSOR : parseCursor(cursorText);
  const holdings = await fetchHoldings(client, markets);
  const held = new Set([...holdings.balances.keys(), ...cursor.held]);
  const listed = walletWindow(cursor, window);
  const wallet = [...(await fetchWallet(client, walletFeeds, listed))];
  const isFiatUsed = [...held, ...wallet.flatMap(assetsOf)].some((asset) => FIAT.has(asset));
  if (cursorText === null || isFiatUsed) {
    wallet.push(...(await fetchWallet(client, fiatFeeds, listed)));
  }
  const futures = await fetchFutures(client, markets, holdings.openContracts, window);

  const assets = new Set([
    ...held,
    ...wallet.flatMap(assetsOf),
    ...futures.contracts.map(({ instrument }) => instrument.base),
  ]);
  const known = cursorText === null ? markets.pairs : new Map(Object.entries(cursor.fills));
  const pairs = [...markets.pairs.values()].filter(
    ({ id, base, quote }) => known.has(id) || (assets.has(base) && QUOTES.has(quote)),
  );
  const spot: Entry[] = [];
  const fills: Record<string, Fill> = { ...cursor.fills };
  for (const { id } of pairs) {
    const rows = await fetchSpotFills(client, id, cursor.fills[id], window);
    spot.push(...rows.flatMap((row) => readSpotFill(row, markets)));
    if (rows.length > 0) fills[id] = lastBefore(window.to - OVERLAP_MS, rows) ?? fills[id] ?? START;
  }
  const { readings, pending, settled } = placeSettled(wallet, cursor, window);
  const told = [...readings.filter(isEntry), ...futures.entries, ...spot];
  const next: Cursor = {
    version: 1,
    fills,
    held: [...holdings.balances.keys()],
    pending,
    settled,
  };
  return {
    entries: orderEntries(told.filter(({ at }) => at >= window.from && at < window.to)),
    instruments: instrumentsOf(
      futures.contracts,
      told.flatMap(({ position }) => position?.instrument ?? []),
    ),
    ignored: readings.flatMap((each) =>
      'reason' in each ? [{ id: each.id, reason: each.reason }] : [],
    ),
    cursor: JSON.stringify(next),
    requests: client.requestCount() - requestsBefore,
  };
}

async function fetchWallet(
  client: CcxtClient,
  feeds: readonly Feed[],
  window: Window,
): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  for (const feed of feeds) {
    const wider = { from: window.from - feed.lookbackMs, to: window.to };
    const rows = await pageByTime(wider, feed.cap, async (part) =>
      feed.rowsOf(await client.call(feed.method, feed.parametersOf(part))),
    );
    readings.push(...rows.flatMap(feed.read));
  }
  return readings;
}

async function fetchFutures(
  client: CcxtClient,
  markets: Markets,
  openContracts: readonly string[],
  window: Window,
): Promise<{ entries: readonly Entry[]; contracts: readonly Contract[] }> {
  const page = (method: string, parameters: { symbol?: string }) => (part: Window) =>
    callFutures(client, method, {
      ...parameters,
      startTime: part.from,
      endTime: part.to - 1,
      limit: USDM.rows,
    }).then((answer) => parseRows(answer, method));
  const income = await pageByTime(window, USDM, page('fapiPrivateGetIncome', {}));
  const contracts = contractsOf(income, openContracts, markets);
  const named = { ...markets, contracts: new Map(contracts.map((each) => [each.id, each])) };
  const wider = { from: window.from - INCOME_SLACK_MS, to: window.to + INCOME_SLACK_MS };
  const fills: Entry[] = [];
  for (const { id: symbol } of contracts) {
    const rows = await pageByTime(wider, USDM, page('fapiPrivateGetUserTrades', { symbol }));
    fills.push(...rows.flatMap((row) => readFuturesFill(row, named)));
  }
  const fillIds = new Set(fills.map(({ id }) => id));
  const others = income.flatMap((row) => {
    if (!OF_FILLS.has(parseText(row, 'incomeType'))) return readIncome(row);
    const fillId = `um-trade.${parseText(row, 'symbol')}.${parseText(row, 'tradeId')}`;
    if (!fillIds.has(fillId)) throw new RecordError('VENUE_INCOMPLETE', { place: 'userTrades' });
    return [];
  });
  // The wallet's transfer feed tells transfers, with both of their wallets.
  const entries = [...fills, ...others.filter(({ kind }) => kind !== 'transfer')];
  return { entries, contracts };
}

/**
 * The contracts traded or held. One that is no longer listed is named by the asset it settled in.
 */
function contractsOf(
  income: readonly Row[],
  openContracts: readonly string[],
  markets: Markets,
): readonly Contract[] {
  const found = new Map<string, Contract>();
  const add = (symbol: string, settle: string): void => {
    const unlisted = symbol.endsWith(settle)
      ? perpetualOf(symbol, symbol.slice(0, -settle.length), settle)
      : undefined;
    const contract = markets.contracts.get(symbol) ?? unlisted;
    if (contract !== undefined) found.set(symbol, contract);
  };
  for (const symbol of openContracts) add(symbol, 'USDT');
  for (const row of income) {
    if (row['symbol'] !== '') add(parseText(row, 'symbol'), parseText(row, 'asset'));
  }
  return [...found.values()];
}

/**
 * The fills of one pair up to the window's end, ascending, from one that lies before its beginning.
 */
async function fetchSpotFills(
  client: CcxtClient,
  symbol: string,
  known: Fill | undefined,
  window: Window,
): Promise<readonly Row[]> {
  const start = known !== undefined && known.at < window.from ? known : START;
  const isPast = (row: Row): boolean => parseInstant(row, 'time') >= window.to;
  const rows = await pageById(
    BigInt(start.id),
    FILLS_MAX,
    async (fromId) => {
      const parameters = { symbol, fromId: String(fromId), limit: FILLS_MAX };
      return parseRows(await client.call('privateGetMyTrades', parameters), 'myTrades');
    },
    isPast,
  );
  // The page overlaps by one row: if the venue no longer has that row, what follows it is not
  // proven.
  if (start.id !== START.id && !rows.some((row) => parseText(row, 'id') === start.id)) {
    throw new RecordError('VENUE_INCOMPLETE', { place: 'myTrades' });
  }
  return rows
    .filter((row) => !isPast(row))
    .toSorted((left, right) => (parseId(left, 'id') < parseId(right, 'id') ? -1 : 1));
}

function lastBefore(instant: number, rows: readonly Row[]): Fill | undefined {
  const row = rows.findLast((each) => parseInstant(each, 'time') < instant);
  return row === undefined
    ? undefined
    : { id: parseText(row, 'id'), at: parseInstant(row, 'time') };
}

function assetsOf(reading: Reading): readonly string[] {
  return isEntry(reading) ? reading.postings.map(({ asset }) => asset) : [];
}

function isEntry(reading: Reading): reading is Entry {
  return !('reason' in reading);
}
