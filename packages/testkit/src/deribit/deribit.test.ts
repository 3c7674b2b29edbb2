// Deribit's connector and the real client against the simulated Deribit: the true returns of the
// scenario's futures part, a log without gaps whose settlements are explained, and a refusal for
// everything else. Each test has a simulator, and with it an allowance, of its own.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { fakeClock } from '../fake-clock.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
import { futuresOf } from '../scenario/parts.ts';
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
import { startDeribitSimulator } from './simulator.ts';

await hastenAllowances();

const whole = buildScenario({ seed: 5, start: Date.UTC(2026, 7, 1), hours: 48, fills: 900 });
// Its dollars are Deribit's.
const scenario = { ...futuresOf(whole), reporting: 'USDC' };
const clock = fakeClock(scenario.end + 60_000);
const { credentials } = scenario;
const LOG = 'GET /api/v2/private/get_transaction_log';
let simulator: Simulator;

beforeEach(async () => {
  simulator = await startDeribitSimulator({ scenario, now: clock.now });
});

afterEach(async () => simulator.close());

async function codeOfFetch(
  keys: Credentials = credentials,
  hours: Hours = [0, 48],
): Promise<string> {
  return await codeThrough('deribit', simulator, keys, clock.now, async (session) => {
    expect(await session.identify()).toEqual({
      venueAccountId: '10',
      paper: false,
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: false },
    });
    await session.fetch(windowOf(scenario, hours), null);
  });
}

/** Deribit rounds a session's profit once, the scenario that of every fill. */
const ROUNDING = 1e-11;

function isTrue(told: string | null, truth: string | null): boolean {
  if (told === null || truth === null) return told === truth;
  return Math.abs(Number(told) - Number(truth)) < ROUNDING;
}

describe('accepts', () => {
  test('the futures part of the account: the true return of every hour', async () => {
    const told = await returnsThrough('deribit', simulator, scenario, credentials, clock.now);
    const truth = trueReturns(scenario);
    expect(told.returns.filter((each, hour) => !isTrue(each, truth[hour] ?? null))).toEqual([]);
    expect(told.returns).toHaveLength(truth.length);
    expect(told.returns.filter((each) => each !== null).length).toBeGreaterThan(40);
    expect(told.entries.filter(({ position }) => position !== undefined).length).toBeGreaterThan(
      99,
    );
  }, 120_000);

  test.each([
    [0, 20],
    [20, 40],
    [40, 48],
  ])('hours %i to %i, though sessions began before', async (...hours) => {
    expect(await codeOfFetch(credentials, hours)).toBe('accepted');
  });

  test.each<FaultKind>([{ kind: 'duplicate-rows' }, { kind: 'reversed-rows' }])(
    '$kind: the same',
    async (fault) => {
      simulator.faults.add({ ...fault, endpoint: LOG });
      expect(await codeOfFetch()).toBe('accepted');
    },
  );
});

describe('refuses', () => {
  test.each<[string, Code, Credentials]>([
    ['a wrong key', 'VENUE_KEY_REJECTED', { ...credentials, apiKey: 'x' }],
    ['a wrong secret', 'VENUE_KEY_REJECTED', { ...credentials, secret: 'x' }],
    ['no secret', 'VENUE_KEY_REJECTED', { apiKey: credentials.apiKey }],
  ])('%s: %s', async (_name, code, keys) => {
    expect(await codeOfFetch(keys)).toBe(code);
  });

  test.each<[Code, FaultKind]>([
    ['VENUE_INCOMPLETE', { kind: 'dropped-row', row: 40 }],
    ['VENUE_INCOMPLETE', { kind: 'late-row', row: 40, until: scenario.end + 3_600_000 }],
    ['VENUE_RATE_LIMITED', { kind: 'http-429', retryAfterS: 1 }],
    ['VENUE_RATE_LIMITED', { kind: 'http-418', retryAfterS: null }],
    ['VENUE_GEO_BLOCKED', { kind: 'http-451' }],
    ['VENUE_MAINTENANCE', { kind: 'maintenance' }],
    ['VENUE_KEY_REJECTED', { kind: 'wrong-key' }],
    ['VENUE_UNAVAILABLE', { kind: 'http-500' }],
    ['VENUE_UNAVAILABLE', { kind: 'http-503' }],
    ['VENUE_UNAVAILABLE', { kind: 'http-403-html' }],
    ['VENUE_UNAVAILABLE', { kind: 'html-200' }],
    ['VENUE_UNAVAILABLE', { kind: 'cut-body' }],
    ['VENUE_UNEXPECTED_SHAPE', { kind: 'huge-body', sizeBytes: 9_000_000 }],
  ])('%s: %j', async (code, fault) => {
    simulator.faults.add({ ...fault, endpoint: LOG });
    expect(await codeOfFetch()).toBe(code);
  });
});
