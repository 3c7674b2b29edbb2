// `pnpm bench simulation`: a day of 100,000 accounts at 11 venues on a virtual clock, with an
// outage, a venue that hangs, one that says it is asked too much, and an owner who connects 10,000
// accounts at once.

import { seededRandom } from '@track-record/testkit';
import { loadVenues } from '@track-record/venues';
import type { Benchmark } from '../benchmark.ts';
import { SimulatedVenue, type VenueDay, type VenueOptions } from './fleet.ts';

const DAY_S = 86_400;
const HOURS = 23;
const HOUR_S = 3_600;
const SEED = 20_261_122;
/** The workers' defaults: slots of a queue, and connections of each kind. */
const SLOTS = 10;
const CONNECTIONS = { store: 8, queue: 4, door: 4, listening: 1 };
const WORKERS = 40;
const FEW_WORKERS = 10;
const PUBLISHED_WITHIN_S = 600;
const SLO = 0.999;
const LAG_MS = 600_000;

type Assumed = Pick<VenueOptions, 'accounts' | 'requests' | 'requestMs' | 'perMinute'> &
  Partial<Pick<VenueOptions, 'trouble' | 'flood'>>;

/**
 * What an hourly job asks, how long an answer takes, and what one address may ask in a minute where
 * the venue counts addresses: about half of what its documentation allows. Venues that count keys
 * hold no address back.
 */
const ASSUMED: Readonly<Record<string, Assumed>> = {
  binance: { accounts: 34_000, requests: 12, requestMs: 150, perMinute: 1_200 },
  bybit: {
    accounts: 16_000,
    requests: 9,
    requestMs: 150,
    perMinute: 3_600,
    flood: { accounts: 10_000, at: 10 * HOUR_S },
  },
  okx: {
    accounts: 14_000,
    requests: 8,
    requestMs: 150,
    perMinute: 6_000,
    trouble: { kind: 'outage', from: 6 * HOUR_S, to: 9 * HOUR_S },
  },
  bitget: { accounts: 9_000, requests: 8, requestMs: 200, perMinute: 3_000 },
  kucoin: { accounts: 7_000, requests: 8, requestMs: 200, perMinute: 2_000 },
  kraken: {
    accounts: 6_000,
    requests: 6,
    requestMs: 300,
    perMinute: 2_000,
    trouble: { kind: 'hang', from: 12 * HOUR_S, to: 13 * HOUR_S },
  },
  krakenfutures: { accounts: 2_000, requests: 6, requestMs: 300, perMinute: 2_000 },
  coinbase: { accounts: 5_000, requests: 6, requestMs: 200, perMinute: 900 },
  deribit: {
    accounts: 3_000,
    requests: 7,
    requestMs: 150,
    perMinute: 1_000,
    trouble: { kind: 'limit', from: 15 * HOUR_S, to: 15 * HOUR_S + 600 },
  },
  alpaca: { accounts: 3_000, requests: 5, requestMs: 200, perMinute: 2_000 },
  ibkr: { accounts: 1_000, requests: 3, requestMs: 4_000, perMinute: 600 },
};

export const simulation: Benchmark = {
  name: 'simulation',
  summary:
    'A day of 100,000 accounts at 11 venues on a virtual clock, with what goes wrong in one.',
  run: async (progress) => {
    const days: [string, number, VenueDay][] = [];
    for (const [venue, { capabilities }] of await loadVenues(Object.keys(ASSUMED))) {
      progress(`${venue} ...`);
      const assumed = ASSUMED[venue];
      if (assumed === undefined) continue;
      days.push([venue, assumed.accounts, simulateDay(venue, capabilities.finalityLagMs, assumed)]);
    }
    const [entry] = Object.entries(ASSUMED);
    if (entry === undefined) return [];
    const [busiest, assumed] = entry;
    const few = simulateDay(busiest, LAG_MS, assumed, FEW_WORKERS);
    return [
      ...report(days),
      '',
      `With ${FEW_WORKERS} addresses instead of ${WORKERS}, ${busiest} would have published`,
      `${percent(shareWithin(few.lateness))} within ten minutes and the rest within`,
      `${quantile(few.lateness, 1)} s: what its addresses allow decides, not the queue.`,
    ];
  },
};

function simulateDay(
  venue: string,
  finalityLagMs: number,
  assumed: Assumed,
  workers = WORKERS,
): VenueDay {
  const random = seededRandom(SEED);
  const simulated = new SimulatedVenue({
    trouble: null,
    flood: null,
    ...assumed,
    venue,
    finalityLagS: finalityLagMs / 1_000,
    addresses: workers,
    slots: SLOTS,
    random: () => random.between(0, 999_999) / 1_000_000,
  });
  for (let second = 0; second < DAY_S; second += 1) simulated.tick(second);
  return simulated.day(HOURS);
}

function report(days: readonly (readonly [string, number, VenueDay])[]): string[] {
  const all = days.flatMap(([, , { lateness }]) => [...lateness]);
  const calm = days.filter(([venue]) => (ASSUMED[venue]?.trouble ?? null) === null);
  const shares = calm.map(([, , { lateness }]) => shareWithin(lateness));
  const worst = Math.min(...shares);
  const accounts = days.reduce((sum, [, each]) => sum + each, 0);
  const backfilled = days.reduce((sum, [, , day]) => sum + day.backfilled, 0);
  const connections = Object.values(CONNECTIONS).reduce((sum, each) => sum + each);
  return [
    `${accounts.toLocaleString('en')} accounts, ${WORKERS} workers with an address each, ${SLOTS}`,
    'slots for a queue. Times are from the instant at which an hour is final to its signature. The',
    'dispatcher’s spread and room, the queue’s retries, the loops’ slots and the bucket are the',
    'worker’s own (a test asks the bucket of the simulation and that of the database the same',
    'questions); how long a venue takes and what it allows are assumptions of this page.',
    '',
    '| venue | accounts | hours | missing | p50 s | p99 s | longest s | within 10 min | ' +
      'requests an hour | most in a minute | waiting, most |',
    '|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|',
    ...days.map(([venue, count, day]) => row(venue, count, day)),
    '',
    `${all.length.toLocaleString('en')} hours. okx is out from 06:00 to 09:00, kraken hangs from`,
    '12:00 to 13:00, deribit says for ten minutes that it is asked too much, and an owner connects',
    `10,000 accounts at bybit at 10:00, of which ${backfilled.toLocaleString('en')} have their`,
    'history by midnight. Venues without trouble',
    `of their own, that one among them, publish ${percent(worst)} or more within ten minutes: the`,
    `objective of ${percent(SLO)} is ${worst >= SLO ? 'kept' : 'not kept'}.`,
    '',
    `Connections: ${connections} of a worker at most, ${WORKERS * connections} together.`,
  ];
}

function row(venue: string, accounts: number, day: VenueDay): string {
  const { lateness } = day;
  const cells = [
    venue,
    accounts.toLocaleString('en'),
    day.published.toLocaleString('en'),
    day.missing.toLocaleString('en'),
    quantile(lateness, 0.5),
    quantile(lateness, 0.99),
    quantile(lateness, 1),
    percent(shareWithin(lateness)),
    Math.round(day.requests / HOURS).toLocaleString('en'),
    day.requestsPerMinuteMax.toLocaleString('en'),
    day.waitingMax.toLocaleString('en'),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Of what is in order. */
function quantile(sorted: Float64Array, share: number): string {
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return Math.round(sorted[at] ?? NaN).toLocaleString('en');
}

function shareWithin(lateness: Float64Array): number {
  return lateness.filter((each) => each <= PUBLISHED_WITHIN_S).length / lateness.length;
}

function percent(share: number): string {
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`;
}
