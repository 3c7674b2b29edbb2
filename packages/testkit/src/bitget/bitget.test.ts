// Bitget's connector and the real client against the simulated Bitget: the scenario's true returns,
// one chain of balances through all categories, and a refusal for everything else.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { fakeClock } from '../fake-clock.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
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
import { BITGET_PASSPHRASE, startBitgetSimulator } from './simulator.ts';

await hastenAllowances();

const scenario = buildScenario({ seed: 5, start: Date.UTC(2026, 7, 1), hours: 48, fills: 300 });
const clock = fakeClock(scenario.end + 60_000);
const credentials = { ...scenario.credentials, password: BITGET_PASSPHRASE };
const RECORDS = 'GET /api/v3/account/financial-records';
const FILLS = 'GET /api/v3/trade/fills';
let simulator: Simulator;

beforeAll(async () => {
  simulator = await startBitgetSimulator({ scenario, now: clock.now });
});

afterEach(() => simulator.faults.clear());

afterAll(async () => simulator.close());

async function codeOfFetch(
  keys: Credentials = credentials,
  hours: Hours = [0, 48],
): Promise<string> {
  return await codeThrough('bitget', simulator, keys, clock.now, (session) =>
    session.fetch(windowOf(scenario, hours), null),
  );
}

describe('accepts', () => {
  test('the whole account: the true return of every hour', async () => {
    const told = await returnsThrough('bitget', simulator, scenario, credentials, clock.now);
    expect(told.returns).toEqual(trueReturns(scenario));
    expect(told.returns.filter((each) => each !== null)).toHaveLength(47);
    expect(told.entries.filter(({ position }) => position !== undefined).length).toBeGreaterThan(
      20,
    );
  }, 120_000);

  test.each([
    [0, 20],
    [20, 40],
    [40, 48],
  ])('hours %i to %i, though money moved before and after', async (...hours) => {
    expect(await codeOfFetch(credentials, hours)).toBe('accepted');
  });

  test.each<[string, FaultKind]>([
    [RECORDS, { kind: 'duplicate-rows' }],
    [RECORDS, { kind: 'reversed-rows' }],
    [FILLS, { kind: 'duplicate-rows' }],
    [FILLS, { kind: 'reversed-rows' }],
  ])('%s, %j: the same', async (endpoint, fault) => {
    simulator.faults.add({ ...fault, endpoint });
    expect(await codeOfFetch()).toBe('accepted');
  });

  test('who the key belongs to, and what it may do', async () => {
    const identity = await withSession('bitget', simulator, credentials, clock.now, (session) =>
      session.identify(),
    );
    expect(identity).toEqual({
      venueAccountId: '123456789',
      paper: false,
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: false },
    });
  });
});

describe('refuses', () => {
  test.each<[string, Code, Credentials]>([
    ['a wrong key', 'VENUE_KEY_REJECTED', { ...credentials, apiKey: 'bg_x' }],
    ['a wrong secret', 'VENUE_KEY_REJECTED', { ...credentials, secret: 'x' }],
    ['a wrong passphrase', 'VENUE_KEY_REJECTED', { ...credentials, password: 'x' }],
    ['no passphrase', 'VENUE_KEY_REJECTED', scenario.credentials],
  ])('%s: %s', async (_name, code, keys) => {
    expect(await codeOfFetch(keys)).toBe(code);
  });

  test('what is older than records reach', async () => {
    expect(await codeOfFetch(credentials, [-24 * 90, 0])).toBe('VENUE_INCOMPLETE');
  });

  test.each<[string, Code, FaultKind]>([
    [RECORDS, 'VENUE_INCOMPLETE', { kind: 'dropped-row', row: 40 }],
    [RECORDS, 'VENUE_INCOMPLETE', { kind: 'late-row', row: 40, until: scenario.end + HOUR_MS }],
    [FILLS, 'VENUE_INCOMPLETE', { kind: 'dropped-row', row: 4 }],
    [FILLS, 'VENUE_INCOMPLETE', { kind: 'empty-page' }],
    [RECORDS, 'VENUE_INCOMPLETE', { kind: 'empty-page' }],
    [RECORDS, 'VENUE_RATE_LIMITED', { kind: 'http-429', retryAfterS: 1 }],
    [RECORDS, 'VENUE_GEO_BLOCKED', { kind: 'http-451' }],
    [RECORDS, 'VENUE_MAINTENANCE', { kind: 'maintenance' }],
    [RECORDS, 'VENUE_CLOCK_SKEW', { kind: 'skewed-clock' }],
    [RECORDS, 'VENUE_KEY_REJECTED', { kind: 'wrong-key' }],
    [RECORDS, 'VENUE_UNAVAILABLE', { kind: 'http-500' }],
    [RECORDS, 'VENUE_UNAVAILABLE', { kind: 'http-403-html' }],
    [RECORDS, 'VENUE_UNAVAILABLE', { kind: 'html-200' }],
    [RECORDS, 'VENUE_UNAVAILABLE', { kind: 'cut-body' }],
    [RECORDS, 'VENUE_UNEXPECTED_SHAPE', { kind: 'huge-body', sizeBytes: 9_000_000 }],
  ])('%s, %s: %j', async (endpoint, code, fault) => {
    simulator.faults.add({ ...fault, endpoint });
    expect(await codeOfFetch()).toBe(code);
  });
});
