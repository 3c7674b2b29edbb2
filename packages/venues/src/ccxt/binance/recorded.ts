// One recorded answer of Binance through the real client and the readers of the connector: for
// `track-record venues read`. Nothing is sent. The payload is untrusted like a live answer.

import { RecordError } from '@track-record/errors';
import type { Entry } from '@track-record/ledger';
import type { VenueContext } from '../../contract.ts';
import type { PayloadAnswer, PayloadRequest } from '../../payload.ts';
import { openRecordedClient } from '../client.ts';
import { perpetualOf, type Contract, type Markets, type Pair } from '../markets.ts';
import { parseRows, parseText, shape, type Row } from '../rows.ts';
import { readCloses } from './candles.ts';
import { readFuturesFill, readIncome, readSpotFill, type Reading } from './entries.ts';
import * as feeds from './feeds.ts';
import { QUOTES } from './history.ts';
import { readBalances, readPermissions, readPositions } from './holdings.ts';
import { binanceVenue } from './spec.ts';

type Read = (answer: unknown, request: PayloadRequest) => PayloadAnswer;

/** By feed and market: the call whose answer it is, and how that answer is read. */
const READERS: ReadonlyMap<string, readonly [method: string, read: Read]> = new Map<
  string,
  readonly [string, Read]
>([
  ['fills spot', ['privateGetMyTrades', readSpotFills]],
  ['fills margin', ['sapiGetMarginMyTrades', readSpotFills]],
  ['fills linear', ['fapiPrivateGetUserTrades', readFuturesFills]],
  ['fills inverse', ['dapiPrivateGetUserTrades', readFuturesFills]],
  ['deposits', readerOf(feeds.deposits, feeds.fiatDeposits)],
  ['withdrawals', readerOf(feeds.withdrawals, feeds.fiatWithdrawals)],
  ['transfers', readerOf(feeds.anyTransfer)],
  ['dividends', readerOf(feeds.dividends)],
  ['conversions', readerOf(feeds.conversions, feeds.dust)],
  ['funding', ['fapiPrivateGetIncome', readIncomes]],
  ['ledger', ['fapiPrivateGetIncome', readIncomes]],
  ['balances', ['privateGetAccount', (answer) => ({ balances: readBalances(answer) })]],
  ['positions', ['fapiPrivateV3GetPositionRisk', readOpenPositions]],
  ['candles', ['publicGetKlines', readPrices]],
  [
    'permissions',
    ['sapiGetAccountApiRestrictions', (answer) => ({ permissions: readPermissions(answer) })],
  ],
]);

export async function readBinancePayload(
  request: PayloadRequest,
  body: string,
  context: VenueContext,
): Promise<PayloadAnswer> {
  const { feed, market } = request;
  const reader = READERS.get(feed === 'fills' ? `fills ${market ?? 'spot'}` : feed);
  if (reader === undefined) throw new RecordError('VENUE_FEED_UNSUPPORTED');
  const [method, read] = reader;
  const client = await openRecordedClient(binanceVenue, compact(body), context);
  return read(await client.call(method), request);
}

/** As the venue sends it: without the white space that a recording is printed with. */
function compact(body: string): string {
  return body.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
}

/** A wallet feed; where two share a name, the one whose rows stand where the answer has rows. */
function readerOf(first: feeds.Feed, second = first): readonly [string, Read] {
  const read: Read = (answer) => {
    const feed = hasRows(answer, first.rowsIn) ? first : second;
    return splitReadings(feed.rowsOf(answer).flatMap(feed.read));
  };
  return [first.method, read];
}

function hasRows(answer: unknown, rowsIn: string | null): boolean {
  if (rowsIn === null) return Array.isArray(answer);
  return typeof answer === 'object' && answer !== null && rowsIn in answer;
}

function splitReadings(readings: readonly Reading[]): PayloadAnswer {
  const entries: Entry[] = [];
  const ignored: { id: string; reason: string }[] = [];
  for (const reading of readings) {
    if ('reason' in reading) ignored.push({ id: reading.id, reason: reading.reason });
    else entries.push(reading);
  }
  return { entries, ignored };
}

function readSpotFills(answer: unknown, request: PayloadRequest): PayloadAnswer {
  const rows = parseRows(answer, 'fills');
  const markets = marketsIn(rows, request);
  return splitReadings(rows.flatMap((row) => readSpotFill(row, markets)));
}

function readFuturesFills(answer: unknown, request: PayloadRequest): PayloadAnswer {
  const rows = parseRows(answer, 'fills');
  const markets = marketsIn(rows, request);
  const family = request.market === 'inverse' ? 'cm' : 'um';
  const entries = rows.flatMap((row) => readFuturesFill(row, markets, family));
  return splitReadings(
    entries.map((entry) => {
      const { position } = entry;
      if (position === undefined) return entry;
      return { ...entry, position: { ...position, ...namedBy(request, position) } };
    }),
  );
}

function readIncomes(answer: unknown): PayloadAnswer {
  return splitReadings(parseRows(answer, 'income').flatMap(readIncome));
}

function readOpenPositions(answer: unknown, request: PayloadRequest): PayloadAnswer {
  const rows = parseRows(answer, 'positions');
  const positions = readPositions(rows, marketsIn(rows, request));
  return { positions: positions.map((each) => ({ ...each, ...namedBy(request, each) })) };
}

/** An asker who names the instrument gets it under that name, also in hedge mode. */
function namedBy(
  { symbol }: PayloadRequest,
  { instrument }: { instrument: string },
): { instrument: string } {
  return { instrument: symbol ?? instrument };
}

function readPrices(answer: unknown, { symbol }: PayloadRequest): PayloadAnswer {
  const { base: asset, quote: currency } = splitSymbol(symbol ?? '');
  const prices = [...readCloses(answer)].map(([at, price]) => ({ asset, currency, at, price }));
  return { prices };
}

/** The markets of a payload, named by the asker, or else by splitting the venue's ids. */
function marketsIn(rows: readonly Row[], { symbol, market }: PayloadRequest): Markets {
  const pairs = new Map<string, Pair>();
  const contracts = new Map<string, Contract>();
  for (const row of rows) {
    const id = parseText(row, 'symbol');
    const named = symbol ?? symbolOf(id, market === 'inverse');
    const { base, quote } = splitSymbol(named);
    pairs.set(id, { id, base, quote, isActive: true });
    contracts.set(id, { ...perpetualOf(id, base, quote), symbol: named });
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
function symbolOf(id: string, isInverse: boolean): string {
  const [name = '', expiry = 'PERP'] = id.split('_');
  const quote = [...QUOTES, 'USD'].find((each) => name.endsWith(each) && name !== each);
  if (quote === undefined) throw shape('symbol');
  const base = name.slice(0, -quote.length);
  return `${base}/${quote}:${isInverse ? base : quote}${expiry === 'PERP' ? '' : `-${expiry}`}`;
}
