// One account's history, told in no venue's words: the same seed gives the same bytes. A venue
// simulator renders `events` and `prices` in its own protocol; `truth` says what any honest record
// of it must show.

import assert from 'node:assert';

import { bookReader } from './book.ts';
import type { Book } from './book.ts';
import type { ScenarioEvent } from './events.ts';
import { FEE_COIN, REPORTING, listMarkets } from './markets.ts';
import type { Market } from './markets.ts';
import { buildPlan, fundingRate } from './plan.ts';
import type { Intent } from './plan.ts';
import { HOUR_MS, buildPrices } from './prices.ts';
import type { Prices } from './prices.ts';
import { hash32, seededRandom } from './random.ts';
import type { Random } from './random.ts';
import { fillFutures, fillSpot, openDesk } from './trader.ts';
import type { Order } from './trader.ts';
import { computeTruth } from './truth.ts';
import type { TrueHour } from './truth.ts';
import { plainText } from './units.ts';
import type { Units } from './units.ts';

export interface ScenarioOptions {
  readonly seed: number;
  /** Milliseconds UTC, a full hour. */
  readonly start: number;
  /** At least 24. */
  readonly hours: number;
  /** About as many executions, spot and futures together. */
  readonly fills: number;
  /** Gives one asset a name that occurs nowhere else, so that a leak test can search for it. */
  readonly markers?: boolean;
}

export interface Scenario {
  readonly start: number;
  readonly end: number;
  readonly reporting: string;
  readonly markets: readonly Market[];
  readonly assets: readonly string[];
  readonly prices: Prices;
  /** Ordered as they happened; `at` never decreases. */
  readonly events: readonly ScenarioEvent[];
  readonly fundingRate: (market: string, at: number) => Units;
  /** A new reader of the true book; each venue simulator takes its own. */
  readonly readBook: () => (t: number) => Book;
  /**
   * Per hour from the start; more hours than the scenario has show the same holdings at later
   * prices.
   */
  readonly truth: (hours?: number) => readonly TrueHour[];
  readonly credentials: { readonly apiKey: string; readonly secret: string };
  /**
   * Texts that identify this account and must never leave the worker: keys, amounts, ids, names.
   */
  readonly secrets: readonly string[];
}

const HOURS_MIN = 24;
/** Shorter texts would be found in any log by chance. */
const SECRET_LENGTH_MIN = 10;

export function buildScenario(options: ScenarioOptions): Scenario {
  const { seed, start, hours, fills } = options;
  assert(start % HOUR_MS === 0, 'the start is not a full hour');
  assert(hours >= HOURS_MIN, 'a scenario has at least 24 hours');
  const random = seededRandom(hash32(seed, 1));
  const exotic = options.markers === true ? `Q${random.letters(9)}` : 'DCR';
  const credentials = { apiKey: random.alphanumeric(64), secret: random.alphanumeric(64) };
  const markets = listMarkets(exotic);
  const prices = buildPrices(hash32(seed, 2), start, markets);
  const plan = buildPlan(seed, start, hours, markets);
  const orders = [
    ...orderIntents(random, options, markets, plan.quietSeconds),
    ...plan.fillsAt.map((at) => fillIntent(at, newOrder(random, market(markets, 'BTC'), at, 1))),
    ...plan.topUpsAt.flatMap((at) => topUp(random, market(markets, FEE_COIN), at)),
  ];
  const desk = openDesk(prices, random, markets);
  // Stable: within one millisecond and phase the plan's order holds, funding before fills.
  const intents = [...plan.intents, ...orders].sort((a, b) => a.at - b.at || a.phase - b.phase);
  for (const { act, at } of intents) act(desk, at);
  assert(fills < 50 || desk.events.length > fills / 2, 'the account could not afford its orders');
  return {
    start,
    end: start + hours * HOUR_MS,
    reporting: REPORTING,
    markets,
    assets: [...new Set(markets.flatMap(({ base, quote }) => [base, quote]))],
    prices,
    events: desk.events,
    fundingRate: (name, at) => fundingRate(seed, name, at),
    readBook: () => bookReader(desk.events),
    truth: (count = hours) => computeTruth(desk.events, prices, start, count),
    credentials,
    secrets: [
      credentials.apiKey,
      credentials.secret,
      ...(options.markers === true ? [exotic] : []),
      ...secretsOf(desk.events),
    ],
  };
}

/** Random orders of one to nine fills, many of them within one millisecond. */
function orderIntents(
  random: Random,
  { start, hours, fills }: ScenarioOptions,
  markets: readonly Market[],
  quietSeconds: ReadonlySet<number>,
): Intent[] {
  const first = start + 2 * HOUR_MS;
  const result: Intent[] = [];
  while (result.length < fills) {
    const at = first + random.below(start + hours * HOUR_MS - first - 1_000);
    const count = Math.min(fills - result.length, 1 + random.below(3) * random.below(5));
    const order = newOrder(random, pickMarket(random, markets), at, count);
    for (let fill = 0, time = at; fill < count; fill += 1) {
      if (!quietSeconds.has(Math.floor(time / 1_000))) result.push(fillIntent(time, order));
      time += random.below(2) * random.below(40);
    }
  }
  return result;
}

function topUp(random: Random, feeCoin: Market, at: number): Intent[] {
  const order: Order = { ...newOrder(random, feeCoin, at, 3), side: 'buy', sharePpm: 4_000 };
  return [0, 0, 2].map((later) => fillIntent(at + later, order));
}

function newOrder(random: Random, on: Market, at: number, fillsLeft: number): Order {
  const sequence = BigInt(at) * 1_000n + BigInt(random.below(1_000));
  return {
    market: on,
    sharePpm: Math.ceil(random.between(15_000, 160_000) / fillsLeft),
    maker: random.below(3) === 0,
    // Futures order ids of the real venue lie beyond 2^53, spot order ids below.
    id: on.perpetual ? 8_389_765_500_000_000_000n + sequence : sequence / 50n,
    side: null,
    price: null,
    remaining: null,
    fillsLeft,
  };
}

function fillIntent(at: number, order: Order): Intent {
  const fill = order.market.perpetual ? fillFutures : fillSpot;
  return { at, phase: 1, act: (desk) => fill(desk, order, at) };
}

function pickMarket(random: Random, markets: readonly Market[]): Market {
  let drawn = random.below(1_000);
  for (const candidate of markets) {
    drawn -= candidate.share;
    if (drawn < 0) return candidate;
  }
  return market(markets, 'BTC');
}

function market(markets: readonly Market[], base: string): Market {
  const found = markets.find(({ symbol }) => symbol === `${base}/${REPORTING}`);
  assert(found !== undefined);
  return found;
}

function secretsOf(events: readonly ScenarioEvent[]): string[] {
  const result: string[] = [];
  for (const event of events) {
    if (event.kind === 'deposit' || event.kind === 'withdrawal') {
      result.push(plainText(event.amount), event.txId);
    } else if (event.kind === 'spot-fill' || event.kind === 'futures-fill') {
      result.push(String(event.orderId));
      result.push(plainText(event.quote));
    } else if (event.kind === 'conversion') {
      result.push(event.quoteId, String(event.orderId), plainText(event.toAmount));
    }
  }
  return result.filter((secret) => secret.length >= SECRET_LENGTH_MIN);
}
