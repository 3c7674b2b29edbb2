// A venue that answers at once: one fill an hour, at its half, and a price that moves a little.
// What a route costs at it is what the route itself costs.

import { parseDecimal, type Anchor, type Entry } from '@track-record/ledger';
import type { PriceRequest, Venue, VenueSession } from '@track-record/venues';

export const VENUE = 'instant';
export const HOUR_MS = 3_600_000;
export const START = Date.UTC(2026, 0, 5);
const LAG_MS = 600_000;
const OPENING_BASE = 1_000;
const OPENING_QUOTE = 100_000;
/** Of the base asset in thousandths, and of the quote asset. */
const FILL = { base: 1, quote: -60 };
const PRICE = 60_000;
const PRICES = 7;

const PERMISSIONS = { read: true, trade: false, withdraw: false, ipRestricted: true };

export const instantVenue: Venue = {
  capabilities: {
    venue: VENUE,
    title: 'Instant',
    instruments: ['spot'],
    feeds: ['fill'],
    unseen: [],
    quoteCurrency: 'USDT',
    finalityLagMs: LAG_MS,
    historyMs: null,
    hosts: [],
    credentials: ['apiKey', 'secret'],
  },
  connect: (credentials, { now }) => {
    const name = credentials.get('apiKey')?.open((bytes) => Buffer.from(bytes).toString('utf8'));
    return Promise.resolve(sessionOf(String(name), now));
  },
  prices: (requests) =>
    Promise.resolve({ prices: requests.map((request) => priceOf(request)), marks: [] }),
};

function sessionOf(name: string, now: () => number): VenueSession {
  return {
    identify: () =>
      Promise.resolve({ venueAccountId: name, paper: false, permissions: PERMISSIONS }),
    observe: () => {
      const asOf = now();
      return Promise.resolve({ anchor: anchorAt(asOf), instruments: new Map(), quietUntil: asOf });
    },
    fetch: ({ from, to }) => {
      const entries: Entry[] = [];
      for (let fill = fillsBefore(from); fill < fillsBefore(to); fill += 1) {
        entries.push(entryOf(fill));
      }
      const cursor = '{}';
      return Promise.resolve({
        entries,
        instruments: new Map(),
        ignored: [],
        cursor,
        requests: 3,
      });
    },
    close: () => Promise.resolve(),
  };
}

function instantOf(fill: number): number {
  return START + fill * HOUR_MS + HOUR_MS / 2;
}

function fillsBefore(at: number): number {
  return Math.max(0, Math.ceil((at - instantOf(0)) / HOUR_MS));
}

function entryOf(fill: number): Entry {
  return {
    id: `fill-${fill}`,
    at: instantOf(fill),
    kind: 'fill',
    postings: [
      { asset: 'BTC', amount: { mantissa: BigInt(FILL.base), scale: 3 } },
      { asset: 'USDT', amount: parseDecimal(String(FILL.quote)) },
    ],
  };
}

function anchorAt(asOf: number): Anchor {
  const fills = fillsBefore(asOf);
  const base = BigInt(OPENING_BASE + fills * FILL.base);
  const quote = parseDecimal(String(OPENING_QUOTE + fills * FILL.quote));
  const balances = new Map([
    ['BTC', { mantissa: base, scale: 3 }],
    ['USDT', quote],
  ]);
  return { asOf, balances, positions: [] };
}

function priceOf({ name: asset, currency, at }: PriceRequest) {
  const price = parseDecimal(String(PRICE + ((at / HOUR_MS) % PRICES)));
  return { asset, currency, at, price };
}
