// Kraken Futures' connector and the real client against the simulated venue: the true returns of
// the scenario's futures part, a log without gaps, and a refusal for everything else. Each test has
// a simulator of its own, so that none counts on what another has used up of Kraken's allowance.

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
  type Credentials,
} from '../simulator/returns-through.ts';
import type { Simulator } from '../simulator/server.ts';
import { startKrakenFuturesSimulator } from './simulator.ts';

await hastenAllowances();

const whole = buildScenario({ seed: 5, start: Date.UTC(2026, 7, 1), hours: 48, fills: 900 });
// Its dollars are Kraken's.
const scenario = { ...futuresOf(whole), reporting: 'USD' };
const clock = fakeClock(scenario.end + 60_000);
const { credentials } = scenario;
const LOG = 'GET /api/history/v3/account-log';
let simulator: Simulator;

beforeEach(async () => {
  simulator = await startKrakenFuturesSimulator({ scenario, now: clock.now });
});

afterEach(async () => simulator.close());

async function codeOfFetch(keys: Credentials = credentials): Promise<string> {
  return await codeThrough('krakenfutures', simulator, keys, clock.now, async (session) => {
    expect(await session.identify()).toEqual({
      venueAccountId: 'f7d5571c-6d10-4cf1-944a-048d25682ed0',
      paper: false,
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: false },
    });
    await session.fetch({ from: scenario.start, to: scenario.end }, null);
  });
}

describe('accepts', () => {
  test('the futures part of the account: the true return of every hour', async () => {
    const told = await returnsThrough('krakenfutures', simulator, scenario, credentials, clock.now);
    expect(told.returns).toEqual(trueReturns(scenario));
    expect(told.returns.filter((each) => each !== null).length).toBeGreaterThan(40);
    expect(told.entries.filter(({ position }) => position !== undefined).length).toBeGreaterThan(
      99,
    );
  }, 120_000);

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
    ['a wrong key', 'VENUE_KEY_REJECTED', { ...credentials, apiKey: 'x'.repeat(56) }],
    ['a wrong secret', 'VENUE_KEY_REJECTED', { ...credentials, secret: 'eA==' }],
    ['a secret that is no base64', 'VENUE_KEY_REJECTED', { ...credentials, secret: 'x' }],
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
    ['VENUE_CLOCK_SKEW', { kind: 'skewed-clock' }],
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
