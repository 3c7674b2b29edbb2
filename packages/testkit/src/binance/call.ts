// One request as an endpoint sees it: parameters with Binance's words when they are wrong, the
// venue's clock, and the page cut with the row faults that hit this request.

import type { Book } from '../scenario/book.ts';
import type { Scenario } from '../scenario/build-scenario.ts';
import type { ScenarioEvent } from '../scenario/events.ts';
import type { Market } from '../scenario/markets.ts';
import * as faulted from '../simulator/faults.ts';
import type { Fault } from '../simulator/faults.ts';
import type { Json } from '../simulator/json.ts';
import { missing, refusal } from './refusal.ts';

export const DAY_MS = 86_400_000;
const NETWORKS: Readonly<Record<string, string>> = { BTC: 'BTC', USDT: 'TRX' };

export interface Permissions {
  readonly ipRestrict: boolean;
  readonly enableReading: boolean;
  readonly enableWithdrawals: boolean;
  readonly enableInternalTransfer: boolean;
  readonly permitsUniversalTransfer: boolean;
  readonly enableSpotAndMarginTrading: boolean;
  readonly enableFutures: boolean;
  readonly enableMargin: boolean;
  readonly enableVanillaOptions: boolean;
  readonly enablePortfolioMarginTrading: boolean;
}

export interface Venue {
  readonly scenario: Scenario;
  readonly permissions: () => Permissions;
  /** The account's user id at the venue. */
  readonly uid: number;
  /** The book at the venue's clock; snapshots of the past have their own reader. */
  readonly bookAt: (t: number) => Book;
  readonly pastBookAt: (t: number) => Book;
}

export interface Call {
  readonly venue: Venue;
  readonly now: number;
  readonly params: URLSearchParams;
  readonly faults: readonly Fault[];
}

export interface Endpoint {
  readonly security: 'none' | 'key' | 'signed';
  readonly weight: number | ((params: URLSearchParams) => number);
  /** Whose minute the weight counts against; the default is the host's. */
  readonly pool?: 'sapi-uid';
  readonly answer: (call: Call) => Json;
}

export interface Window {
  readonly startTime: number | null;
  readonly endTime: number | null;
}

export function required(call: Call, name: string): string {
  const value = call.params.get(name);
  if (value === null || value === '') throw missing(name);
  return value;
}

export function integer(call: Call, name: string): number | null {
  const value = call.params.get(name);
  if (value === null) return null;
  if (!/^[0-9]{1,19}$/.test(value)) {
    throw refusal(400, -1100, `Illegal characters found in parameter '${name}'.`);
  }
  return Number(value);
}

/** Spot cuts a limit that is too large; wallet and futures refuse it. */
export function limitOf(call: Call, name: string, usual: number, max: number, cut = false): number {
  const value = integer(call, name) ?? usual;
  if (value > max && cut) return max;
  if (value < 1 || value > max) {
    throw refusal(400, -1130, `Data sent for parameter '${name}' is not valid.`);
  }
  return value;
}

export function windowOf(call: Call, start = 'startTime', end = 'endTime'): Window {
  return { startTime: integer(call, start), endTime: integer(call, end) };
}

/** Refuses a window that is longer than the endpoint serves. */
export function boundWindow(
  { startTime, endTime }: Window,
  maxMs: number,
  error: () => Error,
): void {
  if (startTime !== null && endTime !== null && endTime - startTime > maxMs) throw error();
}

/** Binance's windows include both ends. */
export function within({ startTime, endTime }: Window, at: number): boolean {
  return (startTime === null || at >= startTime) && (endTime === null || at <= endTime);
}

export function symbolId(market: Market): string {
  return market.base + market.quote;
}

export function marketOf(call: Call, perpetual: boolean): Market {
  const id = required(call, 'symbol');
  const found = call.venue.scenario.markets.find(
    (market) => market.perpetual === perpetual && symbolId(market) === id,
  );
  if (found === undefined) throw refusal(400, -1121, 'Invalid symbol.');
  return found;
}

/** A feed's rows, oldest first, without the rows that a fault withholds. */
export function served<Row>({ faults, now }: Call, rows: readonly Row[]): readonly Row[] {
  return faulted.served(faults, rows, now);
}

/** Rows [first, first + limit), or what a fault makes of that page. */
export function cutPage<Row>(
  { faults }: Call,
  rows: readonly Row[],
  first: number,
  limit: number,
): readonly Row[] {
  return faulted.cutPage(faults, rows, first, limit);
}

/**
 * The events of one kind that the venue knows by now, oldest first, less those a fault withholds.
 */
export function feed<Row extends ScenarioEvent>(
  call: Call,
  is: (event: ScenarioEvent) => event is Row,
  seenAt: (row: Row) => number = (row) => row.at,
): readonly Row[] {
  const known = call.venue.scenario.events.filter(is).filter((row) => seenAt(row) <= call.now);
  return served(
    call,
    known.sort((a, b) => seenAt(a) - seenAt(b)),
  );
}

export function networkOf(coin: string): string {
  return NETWORKS[coin] ?? 'ETH';
}

export function signed(
  weight: number,
  answer: Endpoint['answer'],
  pool?: NonNullable<Endpoint['pool']>,
): Endpoint {
  return { security: 'signed', weight, answer, ...(pool === undefined ? {} : { pool }) };
}
