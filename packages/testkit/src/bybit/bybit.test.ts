// Bybit's connector and the real client against the simulated Bybit: the scenario's true returns, a
// ledger without gaps, and a refusal for everything else.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { fakeClock } from '../fake-clock.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
import type { FaultKind } from '../simulator/faults.ts';
import { hastenAllowances } from '../simulator/hastened.ts';
import {
  codeThrough,
  returnsThrough,
  trueReturns,
  windowOf,
  type Credentials,
  type Hours,
} from '../simulator/returns-through.ts';
import type { Simulator } from '../simulator/server.ts';
import { startBybitSimulator } from './simulator.ts';

await hastenAllowances();

const scenario = buildScenario({ seed: 5, start: Date.UTC(2026, 7, 1), hours: 48, fills: 300 });
const clock = fakeClock(scenario.end + 60_000);
const { credentials } = scenario;
const LOG = 'GET /v5/account/transaction-log';
const FUNDING = 'GET /v5/asset/fundinghistory';
const WITHDRAWALS = 'GET /v5/asset/withdraw/query-record';
let simulator: Simulator;

beforeAll(async () => {
  simulator = await startBybitSimulator({ scenario, now: clock.now });
});

afterEach(() => simulator.faults.clear());

afterAll(async () => simulator.close());

async function codeOfFetch(
  keys: Credentials = credentials,
  hours: Hours = [0, 48],
): Promise<string> {
  return await codeThrough('bybit', simulator, keys, clock.now, async (session) => {
    await session.identify();
    await session.fetch(windowOf(scenario, hours), null);
  });
}

describe('accepts', () => {
  test('the whole account: the true return of every hour', async () => {
    const told = await returnsThrough('bybit', simulator, scenario, credentials, clock.now);
    expect(told.returns).toEqual(trueReturns(scenario));
    expect(told.returns.filter((each) => each !== null)).toHaveLength(47);
  }, 120_000);

  test.each([
    [0, 20],
    [20, 40],
    [40, 48],
  ])('hours %i to %i, though money left before and after', async (...hours) => {
    expect(await codeOfFetch(credentials, hours)).toBe('accepted');
  });

  test.each([LOG, FUNDING, WITHDRAWALS])(
    'rows of %s twice and oldest first: the same',
    async (endpoint) => {
      simulator.faults.add({ kind: 'duplicate-rows', endpoint });
      simulator.faults.add({ kind: 'reversed-rows', endpoint });
      const told = await returnsThrough('bybit', simulator, scenario, credentials, clock.now);
      expect(told.returns).toEqual(trueReturns(scenario));
    },
  );
});

describe('refuses', () => {
  test.each<[string, Code, Credentials]>([
    ['a wrong key', 'VENUE_KEY_REJECTED', { ...credentials, apiKey: 'x'.repeat(36) }],
    ['a wrong secret', 'VENUE_KEY_REJECTED', { ...credentials, secret: 'x' }],
  ])('%s: %s', async (_name, code, keys) => {
    expect(await codeOfFetch(keys)).toBe(code);
  });

  test.each<[Code, FaultKind]>([
    ['VENUE_INCOMPLETE', { kind: 'dropped-row', row: 40 }],
    ['VENUE_INCOMPLETE', { kind: 'late-row', row: 40, until: scenario.end + 3_600_000 }],
    ['VENUE_RATE_LIMITED', { kind: 'http-429', retryAfterS: 1 }],
    ['VENUE_GEO_BLOCKED', { kind: 'http-451' }],
    ['VENUE_UNAVAILABLE', { kind: 'maintenance' }],
    ['VENUE_CLOCK_SKEW', { kind: 'skewed-clock' }],
    ['VENUE_UNAVAILABLE', { kind: 'http-500' }],
    ['VENUE_RATE_LIMITED', { kind: 'http-403-html' }],
    ['VENUE_UNAVAILABLE', { kind: 'html-200' }],
    ['VENUE_UNAVAILABLE', { kind: 'cut-body' }],
    ['VENUE_UNEXPECTED_SHAPE', { kind: 'huge-body', sizeBytes: 9_000_000 }],
  ])('%s: %j', async (code, fault) => {
    simulator.faults.add({ ...fault, endpoint: LOG });
    expect(await codeOfFetch()).toBe(code);
  });

  test.each([
    ['funding', FUNDING, 3],
    ['withdrawals', WITHDRAWALS, 0],
  ])('a row that %s lacks: VENUE_INCOMPLETE', async (_name, endpoint, row) => {
    simulator.faults.add({ kind: 'dropped-row', row, endpoint });
    expect(await codeOfFetch()).toBe('VENUE_INCOMPLETE');
  });

  test('a window longer than a page may be is asked for in parts', async () => {
    const before = simulator.requests.get(LOG) ?? 0;
    expect(await codeOfFetch(credentials, [-24 * 29, 48])).toBe('accepted');
    expect((simulator.requests.get(LOG) ?? 0) - before).toBeGreaterThanOrEqual(5);
  });

  test('more history than there is: VENUE_INCOMPLETE', async () => {
    expect(await codeOfFetch(credentials, [-24 * 730, 48])).toBe('VENUE_INCOMPLETE');
  });
});
