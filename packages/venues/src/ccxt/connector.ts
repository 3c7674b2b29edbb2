// A venue of ccxt's from the tables in its folder: what a connector states, and the sessions,
// fetches and prices that follow from it in the same way for every venue. Everything that a venue
// answers is untrusted and read strictly.

import { RecordError } from '@track-record/errors';
import { orderEntries, type Decimal, type Window } from '@track-record/ledger';
import type {
  Fetched,
  Permissions,
  PriceAnswer,
  PriceRequest,
  Venue,
  VenueContext,
  VenueCredentials,
  VenueSession,
} from '../contract.ts';
import { openKeyedClient, openPublicClient, type CcxtClient, type CcxtVenue } from './client.ts';
import { parseCursor, placeSettled } from './cursor.ts';
import { tellFeed, type Feed, type Job } from './feed.ts';
import { fetchHoldings, type Holdings, type PositionList, type Wallet } from './holdings.ts';
import { instrumentsOf, type Markets } from './markets.ts';
import { DAY_MS, type Asked, type Parameters } from './pagers.ts';
import { answerPrices, type CandleRun } from './prices.ts';
import { isEntry } from './readings.ts';
import { candlesAt, parseInstant, parseText, shape, valueAt, type Path, type Row } from './rows.ts';

/** The floor that the manifest states is a day above it, for the time until the answer. */
const FLOOR_SLACK_MS = DAY_MS;

export type Place = readonly [method: string, path: Path, asked?: Parameters];

export interface Candles {
  readonly rowsMax: number;
  /** Instead of `rowsMax` for the candles of minutes. */
  readonly minutesMax?: number;
  readonly ask: (run: CandleRun) => readonly [method: string, parameters: Asked];
  readonly rowsIn: Path;
  /** When a candle ends, and its close; its columns are named by their numbers. */
  readonly close: (row: Row, intervalMs: number) => readonly [end: number, close: Decimal];
}

export interface Connector extends CcxtVenue {
  /** The clocks that stamp an account's rows, by method and path; the first signs requests. */
  readonly clocks: readonly [Place, ...Place[]];
  /** Where the venue's own id of the account stands. */
  readonly account: Place;
  readonly permissions: {
    readonly method: string;
    /** `isOurs` tells the session's key where the venue lists several. */
    readonly read: (answer: unknown, isOurs: CcxtClient['isOurs']) => Permissions;
  };
  readonly wallets: readonly Wallet[];
  readonly positions: readonly PositionList[];
  readonly feeds: readonly Feed[];
  /** What the feeds must prove together, and what the next fetch has to know. */
  readonly finish?: (job: Job) => Promise<Row> | Row;
  /** Currencies through which an asset is priced, best first. */
  readonly quotes: readonly string[];
  readonly candles: Candles;
}

export function venueOf(connector: Connector): Venue {
  return {
    capabilities: connector.capabilities,
    connect: (credentials, context) => connect(connector, credentials, context),
    prices: (requests, context) => prices(connector, requests, context),
  };
}

async function connect(
  connector: Connector,
  credentials: VenueCredentials,
  context: VenueContext,
): Promise<VenueSession> {
  const client = await openKeyedClient(connector, credentials, context);
  const times = async (): Promise<number[]> => {
    const told: number[] = [];
    for (const clock of connector.clocks) told.push(await timeAt(client, clock));
    return told;
  };
  try {
    const { markets } = await openPublicClient(connector, context);
    const serverTime = await timeAt(client, connector.clocks[0]);
    client.setServerTime(serverTime);
    const ahead = serverTime - context.now();
    const { account, permissions, wallets, positions } = connector;
    const holdings = (): Promise<Holdings> => fetchHoldings(client, wallets, positions, markets);
    return {
      identify: async () => ({
        venueAccountId: parseText(await fieldAt(client, account), 'field'),
        // A key of the paper venue is unknown to the hosts that we call.
        paper: false,
        permissions: permissions.read(await client.call(permissions.method), client.isOurs),
      }),
      // Balances are true at `asOf` if nothing happened until `quietUntil`, by the venue's clocks.
      observe: async () => {
        const asOf = Math.min(...(await times()));
        const held = await holdings();
        const names = held.positions.map(({ instrument }) => instrument);
        const instruments = instrumentsOf(markets.contracts.values(), names);
        return {
          anchor: { asOf, ...held },
          instruments,
          quietUntil: Math.max(...(await times())),
        };
      },
      fetch: async (window, cursor) => {
        const { historyMs } = connector.capabilities;
        const floor = historyMs === null ? 0 : context.now() + ahead - historyMs - FLOOR_SLACK_MS;
        if (window.from < floor) {
          throw new RecordError('VENUE_INCOMPLETE', { place: 'window.from' });
        }
        return await fetchHistory(connector, client, markets, holdings, window, cursor);
      },
      close: client.close,
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function timeAt(client: CcxtClient, clock: Place): Promise<number> {
  return parseInstant(await fieldAt(client, clock), 'field');
}

async function fieldAt(client: CcxtClient, [method, path, asked]: Place): Promise<Row> {
  return { field: valueAt(await client.call(method, asked), path) };
}

async function fetchHistory(
  connector: Connector,
  client: CcxtClient,
  markets: Markets,
  holdings: () => Promise<Holdings>,
  window: Window,
  cursorText: string | null,
): Promise<Fetched> {
  const requestsBefore = client.requestCount();
  const cursor = parseCursor(cursorText);
  const contracts = new Map(markets.contracts);
  let held: Promise<Holdings> | undefined;
  const job: Job = {
    client,
    markets: { ...markets, contracts },
    contracts,
    window,
    isFirst: cursorText === null,
    cursor,
    holdings: () => (held ??= holdings()),
    readings: [],
    rows: new Map(),
  };
  for (const feed of connector.feeds) await tellFeed(feed, job);
  const own = await connector.finish?.(job);
  const placed = placeSettled(job.readings, cursor, window);
  const told = placed.readings.filter(isEntry);
  return {
    entries: orderEntries(told.filter(({ at }) => at >= window.from && at < window.to)),
    instruments: instrumentsOf(
      contracts.values(),
      told.flatMap(({ position }) => position?.instrument ?? []),
    ),
    ignored: placed.readings.flatMap((each) =>
      isEntry(each) ? [] : [{ id: each.id, reason: each.reason }],
    ),
    cursor: JSON.stringify({ ...own, ...placed.cursor }),
    requests: client.requestCount() - requestsBefore,
  };
}

async function prices(
  { clocks, quotes, candles, ...connector }: Connector,
  requests: readonly PriceRequest[],
  context: VenueContext,
): Promise<PriceAnswer> {
  const { client, markets } = await openPublicClient(connector, context);
  const now = await timeAt(client, clocks[0]);
  return await answerPrices(
    // A candle that ends later is not finished, whatever it says.
    requests.filter(({ at }) => at <= now),
    {
      markets,
      pivots: quotes,
      rowsMax: candles.rowsMax,
      minutesMax: candles.minutesMax,
      fetchCloses: async (run) => {
        const answer = await client.call(...candles.ask(run));
        return readCloses(answer, candles, run.intervalMs);
      },
    },
  );
}

/** Closes by the instant at which their candle ends. */
export function readCloses(
  answer: unknown,
  { rowsIn, close }: Candles,
  intervalMs: number,
): ReadonlyMap<number, Decimal> {
  return new Map(
    candlesAt(answer, rowsIn).map((row) => {
      const [end, price] = close(row, intervalMs);
      if (price.mantissa <= 0n) throw shape('candles.close');
      return [end, price];
    }),
  );
}
