// KuCoin's connector and the real client against the simulated KuCoin: the true returns of the
// scenario's spot part, two ledgers without gaps, and a refusal for everything else.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf, type Code } from '@track-record/errors';
import { loadVenues, type VenueSession } from '@track-record/venues';
import { fakeClock } from '../fake-clock.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
import { spotOf } from '../scenario/parts.ts';
import type { FaultKind } from '../simulator/faults.ts';
import {
  returnsThrough,
  secretsOf,
  trueReturns,
  type Credentials,
} from '../simulator/returns-through.ts';
import type { Simulator } from '../simulator/server.ts';
import { KUCOIN_PASSPHRASE, startKucoinSimulator } from './simulator.ts';

const HOUR_MS = 3_600_000;
const scenario = spotOf(
  buildScenario({ seed: 5, start: Date.UTC(2026, 7, 1), hours: 48, fills: 300 }),
);
const clock = fakeClock(scenario.end + 60_000);
const credentials = { ...scenario.credentials, password: KUCOIN_PASSPHRASE };
const MAIN = 'GET /api/v1/accounts/ledgers';
const TRADE = 'GET /api/v1/hf/accounts/ledgers';
let simulator: Simulator;

beforeAll(async () => {
  simulator = await startKucoinSimulator({ scenario, now: clock.now });
});

afterEach(() => simulator.faults.clear());

afterAll(async () => simulator.close());

async function withSession<T>(
  keys: Credentials,
  ask: (session: VenueSession) => Promise<T>,
): Promise<T> {
  const venue = (await loadVenues(['kucoin'])).get('kucoin');
  if (venue === undefined) throw new Error('There is no KuCoin.');
  const { signal } = new AbortController();
  const egress = { host: '127.0.0.1', port: simulator.port };
  const session = await venue.connect(secretsOf(keys), { egress, now: clock.now, signal });
  try {
    return await ask(session);
  } finally {
    await session.close();
  }
}

async function codeOfFetch(
  keys: Credentials = credentials,
  [from, to]: readonly [from: number, to: number] = [0, 48],
): Promise<string> {
  const at = (hour: number): number => scenario.start + hour * HOUR_MS;
  try {
    await withSession(keys, (session) => session.fetch({ from: at(from), to: at(to) }, null));
    return 'accepted';
  } catch (error) {
    return codeOf(error);
  }
}

describe('accepts', () => {
  test('the spot part of the account: the true return of every hour', async () => {
    const told = await returnsThrough('kucoin', simulator, scenario, credentials, clock.now);
    expect(told.returns).toEqual(trueReturns(scenario));
    expect(told.returns.filter((each) => each !== null)).toHaveLength(47);
  }, 120_000);

  test.each([
    [0, 20],
    [20, 40],
    [40, 48],
  ])('hours %i to %i, though money moved before and after', async (...hours) => {
    expect(await codeOfFetch(credentials, hours)).toBe('accepted');
  });

  test.each<[string, FaultKind]>([
    [MAIN, { kind: 'duplicate-rows' }],
    [MAIN, { kind: 'reversed-rows' }],
    [TRADE, { kind: 'duplicate-rows' }],
    [TRADE, { kind: 'reversed-rows' }],
  ])('%s, %j: the same', async (endpoint, fault) => {
    simulator.faults.add({ ...fault, endpoint });
    expect(await codeOfFetch()).toBe('accepted');
  });

  test('who the key belongs to, and what it may do', async () => {
    expect(await withSession(credentials, (session) => session.identify())).toEqual({
      venueAccountId: '165111215',
      paper: false,
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: false },
    });
  });
});

describe('refuses', () => {
  test.each<[string, Code, Credentials]>([
    ['a wrong key', 'VENUE_KEY_REJECTED', { ...credentials, apiKey: 'x'.repeat(24) }],
    ['a wrong secret', 'VENUE_KEY_REJECTED', { ...credentials, secret: 'x' }],
    ['a wrong passphrase', 'VENUE_KEY_REJECTED', { ...credentials, password: 'x' }],
    ['no passphrase', 'VENUE_KEY_REJECTED', scenario.credentials],
  ])('%s: %s', async (_name, code, keys) => {
    expect(await codeOfFetch(keys)).toBe(code);
  });

  test('what is older than the trade ledger reaches', async () => {
    expect(await codeOfFetch(credentials, [-24, 0])).toBe('VENUE_INCOMPLETE');
  });

  test.each<[string, Code, FaultKind]>([
    [MAIN, 'VENUE_INCOMPLETE', { kind: 'dropped-row', row: 12 }],
    [MAIN, 'VENUE_INCOMPLETE', { kind: 'empty-page' }],
    [TRADE, 'VENUE_INCOMPLETE', { kind: 'dropped-row', row: 40 }],
    [TRADE, 'VENUE_INCOMPLETE', { kind: 'late-row', row: 40, until: scenario.end + HOUR_MS }],
    [TRADE, 'VENUE_RATE_LIMITED', { kind: 'http-429', retryAfterS: 1 }],
    [TRADE, 'VENUE_GEO_BLOCKED', { kind: 'http-451' }],
    [TRADE, 'VENUE_MAINTENANCE', { kind: 'maintenance' }],
    [TRADE, 'VENUE_MAINTENANCE', { kind: 'http-503' }],
    [TRADE, 'VENUE_CLOCK_SKEW', { kind: 'skewed-clock' }],
    [TRADE, 'VENUE_KEY_REJECTED', { kind: 'wrong-key' }],
    [TRADE, 'VENUE_UNAVAILABLE', { kind: 'http-500' }],
    [TRADE, 'VENUE_UNAVAILABLE', { kind: 'http-403-html' }],
    [TRADE, 'VENUE_UNAVAILABLE', { kind: 'html-200' }],
    [TRADE, 'VENUE_UNAVAILABLE', { kind: 'cut-body' }],
    [TRADE, 'VENUE_UNEXPECTED_SHAPE', { kind: 'huge-body', sizeBytes: 9_000_000 }],
  ])('%s, %s: %j', async (endpoint, code, fault) => {
    simulator.faults.add({ ...fault, endpoint });
    expect(await codeOfFetch()).toBe(code);
  });
});
