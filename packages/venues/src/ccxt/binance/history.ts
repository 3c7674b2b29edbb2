// Everything that happened in a window, complete or refused. Binance lists fills per symbol only, so the
// symbols to ask for are themselves found from balances and every other feed (venues.md section 6); a
// first fetch, which no earlier balance could contradict, asks for every pair there is.
// USD-M fills come from userTrades; income gives funding and the rest, and every commission or profit it
// names must belong to a fill we have: otherwise a symbol or a page is missing.

import { RecordError } from '@track-record/errors';
import type { Entry, Window } from '@track-record/ledger';
import type { Fetched } from '../../contract.ts';
import type { CcxtClient } from '../client.ts';
import { distinctEntries } from '../distinct-entries.ts';
import { instrumentsOf, perpetualOf, type Contract, type Markets } from '../markets.ts';
import { DAY_MS, pageById, pageByTime, type PageCap } from '../pagers.ts';
import { parseId, parseInstant, parseRows, parseText, type Row } from '../rows.ts';
import { EMPTY_CURSOR, parseCursor, placeSettled, walletWindow, type Cursor } from './cursor.ts';
import { readFuturesFill, readIncome, readSpotFill, type Reading } from './entries.ts';
import { walletFeeds } from './feeds.ts';
import { callFutures, fetchHoldings } from './holdings.ts';
import { capabilities } from './spec.ts';

const FILLS_MAX = 1000;
const USDM: PageCap = { spanMs: 7 * DAY_MS, rows: 1000 };
/** Income is stamped in whole seconds, so its fill may lie a little outside the window. */
const INCOME_SLACK_MS = 60_000;

/** Currencies that pairs are quoted in; a held asset is looked for against each of them. */
export const QUOTES: ReadonlySet<string> = new Set(
  'USDT USDC FDUSD BTC ETH BNB TUSD BUSD EUR TRY BRL JPY'.split(' '),
);

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
  if (capabilities.historyMs !== null && window.from < now - capabilities.historyMs) {
    throw new RecordError('VENUE_INCOMPLETE', { place: 'window.from' });
  }
  const cursor = cursorText === null ? EMPTY_CURSOR : parseCursor(cursorText);
  const holdings = await fetchHoldings(client, markets);
  const wallet = await fetchWallet(client, walletWindow(cursor, window));
  const settlement = placeSettled(wallet, cursor, window);
  const futures = await fetchFutures(client, markets, holdings.openContracts, window);

  const assets = new Set([
    ...holdings.balances.keys(),
    ...wallet.filter(isEntry).flatMap(({ postings }) => postings.map(({ asset }) => asset)),
    ...futures.contracts.map(({ instrument }) => instrument.base),
  ]);
  const known = cursorText === null ? markets.pairs : new Map(Object.entries(cursor.lastFills));
  const pairs = [...markets.pairs.values()].filter(
    ({ id, base, quote }) => known.has(id) || (assets.has(base) && QUOTES.has(quote)),
  );
  const fills: Entry[] = [];
  const lastFills: Record<string, { id: string; at: number }> = { ...cursor.lastFills };
  for (const { id } of pairs) {
    const rows = await fetchSpotFills(client, id, cursor, window);
    fills.push(...rows.flatMap((row) => readSpotFill(row, markets)));
    const last = rows.at(-1);
    if (last !== undefined) {
      lastFills[id] = { id: parseText(last, 'id'), at: parseInstant(last, 'time') };
    }
  }
  const { readings, pending, settled } = settlement;
  const told = [...readings.filter(isEntry), ...futures.entries, ...fills];
  const next: Cursor = { version: 1, lastFills, pending, settled };
  return {
    entries: distinctEntries(told, window),
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

async function fetchWallet(client: CcxtClient, window: Window): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  for (const feed of walletFeeds) {
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

/** The contracts traded or held. One that is no longer listed is named by the asset it settled in. */
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

/** The fills of one pair up to the window's end, ascending, from the last one we told. */
async function fetchSpotFills(
  client: CcxtClient,
  symbol: string,
  cursor: Cursor,
  window: Window,
): Promise<readonly Row[]> {
  const last = cursor.lastFills[symbol];
  const isBefore = last !== undefined && last.at < window.from;
  const isPast = (row: Row): boolean => parseInstant(row, 'time') >= window.to;
  const rows = await pageById(
    isBefore ? BigInt(last.id) : 0n,
    FILLS_MAX,
    async (fromId) => {
      const parameters = { symbol, fromId: String(fromId), limit: FILLS_MAX };
      return parseRows(await client.call('privateGetMyTrades', parameters), 'myTrades');
    },
    isPast,
  );
  // The page overlaps by one row: if the venue no longer has that row, what follows it is not proven.
  if (isBefore && !rows.some((row) => parseText(row, 'id') === last.id)) {
    throw new RecordError('VENUE_INCOMPLETE', { place: 'myTrades' });
  }
  return rows
    .filter((row) => !isPast(row))
    .toSorted((left, right) => (parseId(left, 'id') < parseId(right, 'id') ? -1 : 1));
}

function isEntry(reading: Reading): reading is Entry {
  return !('reason' in reading);
}
