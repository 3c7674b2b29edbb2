// KuCoin's connector and the real client against the simulated KuCoin: the true returns of the
// scenario's spot part, two ledgers without gaps, and a refusal for everything else.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { fakeClock } from '../fake-clock.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
import { spotOf } from '../scenario/parts.ts';
import { HOUR_MS } from '../scenario/prices.ts';
import type { FaultKind } from '../simulator/faults.ts';
import { hastenAllowances } from '../simulator/hastened.ts';
import {
  codeThrough,
  returnsThrough,
  trueReturns,
  windowOf,
  withSession,
  type Credentials,
  type Hours,
} from '../simulator/returns-through.ts';
import type { Simulator } from '../simulator/server.ts';
import { KUCOIN_PASSPHRASE, startKucoinSimulator } from './simulator.ts';

await hastenAllowances();

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

async function codeOfFetch(
  keys: Credentials = credentials,
  hours: Hours = [0, 48],
): Promise<string> {
  return await codeThrough('kucoin', simulator, keys, clock.now, (session) =>
    session.fetch(windowOf(scenario, hours), null),
  );
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
    const identity = await withSession('kucoin', simulator, credentials, clock.now, (session) =>
      session.identify(),
    );
    expect(identity).toEqual({
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
