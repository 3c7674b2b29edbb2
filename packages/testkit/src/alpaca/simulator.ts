// An Alpaca that answers on this machine: the week's account by its activities, positions and bars,
// in the words of docs.alpaca.markets. Each key is known to one of the two environments; market
// data takes both. For tests; outside the trusted base.

import { createHash } from 'node:crypto';
import { text, type Units } from '../scenario/units.ts';
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
import { HOUR_MS, MINUTE_MS, type Week } from './scenario.ts';

const LIVE_HOST = 'api.alpaca.markets';
const PAPER_HOST = 'paper-api.alpaca.markets';
const DATA_HOST = 'data.alpaca.markets';
const PAGE_MAX = 100;
const BARS_MAX = 10_000;
/** Without a subscription the consolidated tape is told this much later. */
const TAPE_MS = 15 * MINUTE_MS;
/** The first page of bars is shorter than was asked for, as it may be. */
const FIRST_BARS = 20;

/** The live key begins like those of paper trading, which must not matter. */
export const liveKey = { apiKey: 'PKLIVEKEY0000000001', secret: 'alpaca-live-secret-1' };
export const paperKey = { apiKey: 'AKPAPERKEY000000002', secret: 'alpaca-paper-secret-2' };

export interface AlpacaOptions extends Omit<SimulatorOptions, 'scenario'> {
  readonly week: Week;
}

export function startAlpacaSimulator({ week, ...options }: AlpacaOptions): Promise<Simulator> {
  const hosts = [LIVE_HOST, PAPER_HOST, DATA_HOST];
  const endpoints = [accountEndpoints, barEndpoints];
  return startTable({ hosts, words, checkSigned, endpoints }, { ...options, scenario: week });
}

function refusal(status: number, code: number | null, message: string, headers = {}): Refusal {
  return new Refusal(
    status,
    JSON.stringify(code === null ? { message } : { code, message }),
    headers,
  );
}

const words: FaultWords = {
  'http-429': (fault) => {
    const retry = fault.kind === 'http-429' ? String(fault.retryAfterS) : '';
    return refusal(429, 42_910_000, 'rate limit exceeded', { 'retry-after': retry });
  },
  'http-451': () => refusal(451, null, 'unavailable in your region'),
  'http-500': () => refusal(500, 50_010_000, 'internal server error occurred'),
  'wrong-key': () => refusal(401, 40_110_000, 'request is not authorized'),
};

function checkSigned({ headers }: VenueRequest): void {
  const isKey = ({ apiKey, secret }: typeof liveKey): boolean =>
    headers['apca-api-key-id'] === apiKey && headers['apca-api-secret-key'] === secret;
  const isLive = isKey(liveKey) && headers.host !== PAPER_HOST;
  const isPaper = isKey(paperKey) && headers.host !== LIVE_HOST;
  if (!isLive && !isPaper) throw refusal(403, null, 'forbidden.');
}

function signed(answer: (call: VenueCall) => Json): VenueEndpoint {
  return { isSigned: true, answer };
}

function accountEndpoints(week: Week): Endpoints {
  const rows = activityRows(week);
  return {
    'GET /v2/clock': signed(({ now }) => ({
      timestamp: new Date(now).toISOString(),
      is_open: true,
    })),
    'GET /v2/account': signed(({ now }) => ({
      id: 'e6fe16f3-64a4-4921-8928-cadf02f92f98',
      status: 'ACTIVE',
      currency: week.reporting,
      cash: text(week.bookAt(now).cash),
    })),
    'GET /v2/positions': signed(({ now }) =>
      [...week.bookAt(now).holdings]
        .filter(([, amount]) => amount !== 0n)
        .map(([symbol, amount]) => positionRow(symbol, amount)),
    ),
    'GET /v2/account/activities': signed((call) => activities(call, rows)),
  };
}

function positionRow(symbol: string, amount: Units): Json {
  const isCoin = symbol.includes('/');
  const assetClass = symbol.length > 10 ? 'us_option' : 'us_equity';
  return {
    symbol: symbol.replace('/', ''),
    asset_class: isCoin ? 'crypto' : assetClass,
    avg_entry_price: '100.5',
    qty: text(amount),
    side: amount < 0n ? 'short' : 'long',
  };
}

interface Activity {
  readonly id: string;
  readonly bookedAt: number;
  readonly row: Readonly<Record<string, string>>;
}

/** By their ids, which begin with a time in New York: that of the day where there is no other. */
function activityRows({ events }: Week): readonly Activity[] {
  const rows = events.flatMap(({ at, rows: told }, event) =>
    told.map((row, index) => {
      const local = new Date(at - 4 * HOUR_MS).toISOString().replaceAll(/[^0-9]/g, '');
      const prefix =
        row['transaction_time'] === undefined ? `${local.slice(0, 8)}000000000` : local;
      const hash = createHash('sha256').update(`${event} ${index}`).digest('hex');
      const uuid = [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 32)];
      const id = `${prefix}::${uuid.join('-')}`;
      return { id, bookedAt: at, row: { ...row, id } };
    }),
  );
  return rows.toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

function activities({ params, now, faults }: VenueCall, rows: readonly Activity[]): Json {
  const limit = Number(params.get('page_size') ?? PAGE_MAX);
  const direction = params.get('direction') ?? 'desc';
  if (!(limit >= 1 && limit <= PAGE_MAX)) throw refusal(422, 42_210_000, 'invalid page_size');
  if (direction !== 'asc' && direction !== 'desc') {
    throw refusal(422, 42_210_000, 'invalid direction');
  }
  const after = Date.parse(params.get('after') ?? '1970-01-01');
  const dayOf = ({ row, bookedAt }: Activity): number =>
    row['date'] === undefined ? bookedAt : Date.parse(row['date']);
  const listed = served(faults, rows, now).filter(
    (each) => each.bookedAt <= now && dayOf(each) >= after,
  );
  const ordered = direction === 'asc' ? listed : listed.toReversed();
  const token = params.get('page_token');
  const first = token === null ? 0 : ordered.findIndex(({ id }) => id === token) + 1;
  if (token !== null && first === 0) throw refusal(422, 42_210_000, 'invalid page_token');
  return cutPage(faults, ordered, first, limit).map(({ row }) => row);
}

function barEndpoints(week: Week): Endpoints {
  const bars = signed((call) => barPage(call, week));
  return {
    'GET /v2/stocks/bars': signed((call) => {
      const { params, now } = call;
      if (params.get('adjustment') !== 'raw') throw new Error('Only raw bars are simulated.');
      const isTape = params.get('feed') === 'sip';
      if (isTape && Date.parse(params.get('end') ?? '') > now - TAPE_MS) {
        throw refusal(403, null, 'subscription does not permit querying recent SIP data');
      }
      return barPage(call, week);
    }),
    'GET /v1beta1/options/bars': bars,
    // Of coins the client asks without a key.
    'GET /v1beta3/crypto/us/bars': { ...bars, isSigned: false },
  };
}

function barPage({ params, faults }: VenueCall, { price, trades }: Week): Json {
  const symbol = params.get('symbols') ?? '';
  const timeframe = params.get('timeframe');
  const limit = Number(params.get('limit') ?? 1_000);
  if (limit > BARS_MAX) throw refusal(400, null, 'invalid limit');
  if (timeframe !== '1Hour' && timeframe !== '1Min') throw refusal(400, null, 'invalid timeframe');
  const length = timeframe === '1Hour' ? HOUR_MS : MINUTE_MS;
  const found: Json[] = [];
  const [start, end] = ['start', 'end'].map((name) => Date.parse(params.get(name) ?? ''));
  if (start === undefined || end === undefined) throw refusal(400, null, 'invalid start');
  for (let t = start + ((length - (start % length)) % length); t <= end; t += length) {
    // A bar is there if anything traded in it; an hour that a session ends or begins in is one.
    const ends = [t + length, t + length / 2 + MINUTE_MS].filter((each) => trades(symbol, each));
    if (ends.length === 0) continue;
    const close = price(symbol, t + length);
    found.push({ t: new Date(t).toISOString(), c: BigInt(close) === 0n ? 0 : number(close), v: 1 });
  }
  const first = Number(params.get('page_token') ?? 0);
  const size = first === 0 ? Math.min(FIRST_BARS, limit) : limit;
  const rows = cutPage(faults, found, first, size);
  const next = first + size < found.length ? String(first + size) : null;
  return { bars: rows.length === 0 ? {} : { [symbol]: rows }, next_page_token: next };
}

/** A JSON number with two digits, as it stands on the wire. */
function number(price: Units): number {
  return Number(text(price, 2));
}
