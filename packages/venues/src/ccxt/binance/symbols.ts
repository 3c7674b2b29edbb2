// What Binance lists only symbol by symbol, and how the symbols are found: from balances and every
// other feed (venues.md section 6). A first fetch, which no earlier balance could contradict, asks
// for every pair there is. Income names the contracts; every commission or profit it tells must
// belong to a fill we have: otherwise a symbol or a page is missing.

import { RecordError } from '@track-record/errors';
import { rowsOf, type Job } from '../feed.ts';
import { perpetualOf } from '../markets.ts';
import type { Next, Parameters } from '../pagers.ts';
import { isEntry } from '../readings.ts';
import { parseId, parseInstant, parseRow, parseText, type Row } from '../rows.ts';

export const FILLS_MAX = 1000;

/** Currencies that pairs are quoted in; a held asset is looked for against each of them. */
export const QUOTES: ReadonlySet<string> = new Set(
  'USDT USDC FDUSD BTC ETH BNB TUSD BUSD EUR TRY BRL JPY'.split(' '),
);

/**
 * Fiat orders take half of an account's minute, so an hourly fetch asks for them only where one of
 * these was held or moved. Another currency would show as a residual, and the fetch after that asks
 * for all.
 */
const FIAT: readonly string[] =
  'EUR GBP AUD TRY BRL JPY UAH PLN RON ARS ZAR NGN RUB CZK MXN COP KZT IDR AED USD CHF'.split(' ');

/**
 * What an hourly fetch reads again, so that rows which appear late are told: six times the finality
 * lag.
 */
const OVERLAP_MS = 3_600_000;

/** How far a pair was told: a fill that lies before what the next fetch will ask for. */
interface Fill {
  readonly id: string;
  readonly at: number;
}

const START: Fill = { id: '0', at: 0 };

/** Income that userTrades tells; here it only proves that they are complete. */
const OF_FILLS: ReadonlySet<string> = new Set(['COMMISSION', 'REALIZED_PNL']);

/** The wallet's transfer feed tells transfers, with both of their wallets. */
export function isToldElsewhere(income: Row): boolean {
  const type = parseText(income, 'incomeType');
  return type === 'TRANSFER' || OF_FILLS.has(type);
}

export async function fiatDirections(job: Job): Promise<readonly Parameters[]> {
  const assets = await assetsOf(job);
  const isUsed = job.isFirst || FIAT.some((asset) => assets.has(asset));
  return isUsed ? [{ transactionType: 0 }, { transactionType: 1 }] : [];
}

/**
 * The contracts traded or held. One that is no longer listed is named by the asset it settled in.
 */
export async function tradedContracts(job: Job): Promise<readonly Parameters[]> {
  const { positions } = await job.holdings();
  const held = new Set(positions.map(({ instrument }) => instrument.split('#')[0]));
  const symbols = new Set<string>();
  for (const { id, symbol } of job.contracts.values()) if (held.has(symbol)) symbols.add(id);
  for (const row of rowsOf(job, 'fapiPrivateGetIncome')) {
    if (row['symbol'] === '') continue;
    const [symbol, settle] = [parseText(row, 'symbol'), parseText(row, 'asset')];
    if (!job.contracts.has(symbol) && symbol.endsWith(settle)) {
      job.contracts.set(symbol, perpetualOf(symbol, symbol.slice(0, -settle.length), settle));
    }
    if (job.contracts.has(symbol)) symbols.add(symbol);
  }
  return [...symbols].map((symbol) => ({ symbol }));
}

/** The pairs to ask for, each from a fill that lies before the window. */
export async function tradedPairs(job: Job): Promise<readonly Parameters[]> {
  const assets = await assetsOf(job);
  for (const { symbol } of await tradedContracts(job)) {
    const contract = job.contracts.get(String(symbol));
    if (contract !== undefined) assets.add(contract.instrument.base);
  }
  const known = parseFills(job);
  return [...job.markets.pairs.values()]
    .filter(
      ({ id, base, quote }) =>
        job.isFirst || known[id] !== undefined || (assets.has(base) && QUOTES.has(quote)),
    )
    .map(({ id }) => ({ symbol: id, fromId: startOf(job, known[id]).id, limit: FILLS_MAX }));
}

/** Ids are dense in time: no row can hide between two pages. */
export const nextFill: Next = ({ rows }, { to }) => {
  const isPast = rows.some((row) => parseInstant(row, 'time') >= to);
  if (rows.length < FILLS_MAX || isPast) return null;
  return String(rows.map((row) => parseId(row, 'id')).reduce((a, b) => (a > b ? a : b)) + 1n);
};

/** Proves the fills by what is told of them elsewhere; remembers how far each pair was told. */
export async function finish(job: Job): Promise<Row> {
  const ids = new Set(job.readings.map(({ id }) => id));
  for (const row of rowsOf(job, 'fapiPrivateGetIncome')) {
    if (!OF_FILLS.has(parseText(row, 'incomeType'))) continue;
    const id = `um-trade.${parseText(row, 'symbol')}.${parseText(row, 'tradeId')}`;
    if (!ids.has(id)) throw new RecordError('VENUE_INCOMPLETE', { place: 'userTrades' });
  }
  const fills: Record<string, Fill> = parseFills(job);
  const bySymbol = Map.groupBy(rowsOf(job, 'privateGetMyTrades'), (row) =>
    parseText(row, 'symbol'),
  );
  for (const symbol of new Set([...Object.keys(fills), ...bySymbol.keys()])) {
    if (!job.markets.pairs.has(symbol)) continue;
    const rows = (bySymbol.get(symbol) ?? []).toSorted((left, right) =>
      parseId(left, 'id') < parseId(right, 'id') ? -1 : 1,
    );
    // The pages overlap by one row: if the venue no longer has it, what follows is not proven.
    const start = startOf(job, fills[symbol]);
    if (start.id !== START.id && !rows.some((row) => parseText(row, 'id') === start.id)) {
      throw new RecordError('VENUE_INCOMPLETE', { place: 'myTrades' });
    }
    const before = job.window.to - OVERLAP_MS;
    const last = rows.findLast((row) => parseInstant(row, 'time') < before);
    fills[symbol] =
      last === undefined
        ? (fills[symbol] ?? START)
        : { id: parseText(last, 'id'), at: parseInstant(last, 'time') };
  }
  return { fills, held: [...(await job.holdings()).balances.keys()] };
}

function startOf({ window }: Job, known: Fill | undefined): Fill {
  return known !== undefined && known.at < window.from ? known : START;
}

function parseFills({ cursor }: Job): Record<string, Fill> {
  return { ...parseRow(cursor['fills'] ?? {}, 'cursor') } as Record<string, Fill>;
}

/** Held now or at the last fetch, or moved by a feed told so far. */
async function assetsOf({ holdings, cursor, readings }: Job): Promise<Set<string>> {
  const heldThen = Array.isArray(cursor['held']) ? cursor['held'].map(String) : [];
  const postings = readings.filter(isEntry).flatMap((entry) => entry.postings);
  const { balances } = await holdings();
  return new Set([...balances.keys(), ...heldThen, ...postings.map(({ asset }) => asset)]);
}
