// One recorded answer of a venue through the real client and the tables of its connector: for
// `track-record venues read`. Nothing is sent. The payload is untrusted like a live answer.

import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { RecordError } from '@track-record/errors';
import type { VenueContext } from '../contract.ts';
import type { PayloadAnswer, PayloadRequest } from '../payload.ts';
import { openRecordedClient } from './client.ts';
import { readCloses, type Connector } from './connector.ts';
import type { Feed } from './feed.ts';
import { sumBalances } from './holdings.ts';
import { perpetualOf, type Contract, type Markets, type Pair } from './markets.ts';
import { HOUR_MS, type CandleRun } from './prices.ts';
import { isEntry, joinLegs, type Reading } from './readings.ts';
import { rowsAt, shape, valueAt, type Path, type Row } from './rows.ts';

/** What venues call the field that names a market. */
const MARKET_FIELDS: readonly string[] = [
  'symbol',
  'instId',
  'pair',
  'contract',
  'instrument_name',
];
/** What venues write behind a perpetual's name. */
const PERPETUAL = /[-_]?(SWAP|PERP|PERPETUAL|PERP_INTX)$/;

export async function readRecorded(
  connector: Connector,
  request: PayloadRequest,
  body: string,
  context: VenueContext,
): Promise<PayloadAnswer> {
  const client = await openRecordedClient(connector, compact(body), context);
  const { wallets, positions, permissions, candles } = connector;
  const own = await folderOf(connector.id);
  if (request.feed === 'balances') {
    const [answer, wallet] = await answerOf(wallets);
    const rows = rowsAt(answer, wallet.rowsIn);
    const markets = marketsIn(rows, request, connector, own);
    return { balances: sumBalances(rows.flatMap((row) => wallet.read(row, markets))) };
  }
  if (request.feed === 'positions') {
    const [answer, list] = await answerOf(positions);
    const rows = rowsAt(answer, list.rowsIn);
    const markets = marketsIn(rows, request, connector, own);
    const found = rows.flatMap((row) => list.read(row, markets));
    return { positions: found.map((each) => ({ ...each, ...namedBy(request, each) })) };
  }
  if (request.feed === 'candles') {
    const [method] = candles.ask(ANY_RUN);
    const { base: asset, quote: currency } = splitSymbol(request.symbol ?? '');
    const closes = readCloses(await client.call(method), candles, HOUR_MS);
    return { prices: [...closes].map(([at, price]) => ({ asset, currency, at, price })) };
  }
  if (request.feed === 'permissions') {
    return { permissions: permissions.read(await client.call(permissions.method), client.isOurs) };
  }
  const name = request.market === null ? request.feed : `${request.feed} ${request.market}`;
  const feeds = [...connector.feeds, ...own.recorded];
  const exact = feeds.filter(({ payload }) => payload.includes(name));
  const named = feeds.filter(({ payload }) => payload.includes(request.feed));
  const [answer, feed] = await answerOf(exact.length > 0 ? exact : named);
  return splitReadings(readFeed(feed, answer), request);

  /** Where several lists share a name, the one whose rows stand where the answer has rows. */
  async function answerOf<T extends { readonly method: string; readonly rowsIn: Path }>(
    lists: readonly T[],
  ): Promise<[unknown, T]> {
    const [first] = lists;
    if (first === undefined) throw new RecordError('VENUE_FEED_UNSUPPORTED');
    const answer = await client.call(first.method);
    return [answer, lists.find(({ rowsIn }) => Array.isArray(valueAt(answer, rowsIn))) ?? first];
  }

  function readFeed(feed: Feed, answer: unknown): readonly Reading[] {
    const rows = rowsAt(answer, feed.rowsIn);
    const markets = marketsIn(rows, request, connector, own);
    return joinLegs(rows.flatMap((row) => feed.read(row, markets, {})));
  }
}

/** What a folder adds: answers that its connector never asks for, and how it names its markets. */
interface RecordedFolder {
  readonly recorded: readonly Feed[];
  readonly symbolOf?: (id: string) => string | null;
}

async function folderOf(id: string): Promise<RecordedFolder> {
  // The same extension as this file's: sources run as they are, and built.
  const file = new URL(`./${id}/${basename(import.meta.url)}`, import.meta.url);
  return existsSync(file) ? parseFolder(await import(`./${id}/recorded.ts`)) : { recorded: [] };
}

function parseFolder(module: unknown): RecordedFolder {
  return module as RecordedFolder;
}

const ANY_RUN: CandleRun = {
  kind: 'asset',
  marketId: 'BTC-USDT',
  intervalMs: HOUR_MS,
  first: HOUR_MS,
  last: HOUR_MS,
};

/** As the venue sends it: without the white space that a recording is printed with. */
function compact(body: string): string {
  return body.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
}

function splitReadings(readings: readonly Reading[], request: PayloadRequest): PayloadAnswer {
  return {
    entries: readings.filter(isEntry).map((entry) => {
      const { position } = entry;
      if (position === undefined) return entry;
      return { ...entry, position: { ...position, ...namedBy(request, position) } };
    }),
    ignored: readings.flatMap((each) =>
      isEntry(each) ? [] : [{ id: each.id, reason: each.reason }],
    ),
  };
}

/** An asker who names the instrument gets it under that name, also in hedge mode. */
function namedBy(
  { symbol }: PayloadRequest,
  { instrument }: { instrument: string },
): { instrument: string } {
  return { instrument: symbol ?? instrument };
}

/** The markets of a payload, named by the asker, or else by splitting the venue's ids. */
function marketsIn(
  rows: readonly Row[],
  request: PayloadRequest,
  connector: Connector,
  folder: RecordedFolder,
): Markets {
  const pairs = new Map<string, Pair>();
  const contracts = new Map<string, Contract>();
  const ids = rows.flatMap((row) => MARKET_FIELDS.map((field) => row[field]));
  for (const id of ids.filter((each) => typeof each === 'string' && each !== '')) {
    const name = String(id);
    const symbol =
      request.symbol ??
      folder.symbolOf?.(name) ??
      symbolOf(name, request.market === 'inverse', connector.quotes);
    const { base, quote } = splitSymbol(symbol);
    pairs.set(name, { id: name, base, quote, isActive: true });
    contracts.set(name, { ...perpetualOf(name, base, quote), symbol });
  }
  return { pairs, contracts };
}

function splitSymbol(symbol: string): { base: string; quote: string } {
  const [, base, quote] = /^([^/:]+)\/([^/:]+)(?::|$)/.exec(symbol) ?? [];
  if (base === undefined || quote === undefined) {
    throw new RecordError('ARGUMENT_INVALID', { place: 'symbol' });
  }
  return { base, quote };
}

/** `BTCUSD_200626` is `BTC/USD:BTC-200626`; a linear contract settles in its quote. */
function symbolOf(id: string, isInverse: boolean, quotes: readonly string[]): string {
  const bare = id.replace(PERPETUAL, '');
  const [, joined = bare, expiry] = /^(.+)[-_]([0-9]{6,8})$/.exec(bare) ?? [];
  const [, base, quote] = /^([^-_/]+)[-_/]([^-_/]+)$/.exec(joined) ?? splitJoined(joined, quotes);
  if (base === undefined || quote === undefined) throw shape('symbol');
  const suffix = expiry === undefined ? '' : `-${expiry}`;
  return `${base}/${quote}:${isInverse ? base : quote}${suffix}`;
}

function splitJoined(name: string, quotes: readonly string[]): readonly (string | undefined)[] {
  const quote = [...quotes, 'USD'].find((each) => name.endsWith(each) && name !== each);
  return quote === undefined ? [] : [name, name.slice(0, -quote.length), quote];
}
