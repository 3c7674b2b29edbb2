// Kraken's connector and the real client against the simulated Kraken: the true returns of the
// scenario's spot part, a ledger without gaps, and a refusal for everything else. Each test has a
// simulator of its own, so that none counts on what another has used up of Kraken's allowance.

import { describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { fakeClock } from '../fake-clock.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
import { spotOf } from '../scenario/parts.ts';
import type { FaultKind } from '../simulator/faults.ts';
import { hastenAllowances } from '../simulator/hastened.ts';
import {
  codeThrough,
  returnsThrough,
  trueReturns,
  windowOf,
  withSession,
  type Credentials,
} from '../simulator/returns-through.ts';
import type { Simulator } from '../simulator/server.ts';
import { startKrakenSimulator } from './simulator.ts';

await hastenAllowances();

const scenario = spotOf(
  buildScenario({ seed: 5, start: Date.UTC(2026, 7, 1), hours: 24, fills: 90 }),
);
const clock = fakeClock(scenario.end + 60_000);
const { credentials } = scenario;
const LEDGERS = 'POST /0/private/Ledgers';

async function withSimulator<T>(use: (simulator: Simulator) => Promise<T>): Promise<T> {
  const simulator = await startKrakenSimulator({ scenario, now: clock.now });
  try {
    return await use(simulator);
  } finally {
    await simulator.close();
  }
}

/** Of the whole history, or of a few hours whose rows are one page. */
async function codeOfFetch(
  simulator: Simulator,
  keys: Credentials = credentials,
  hours = 24,
): Promise<string> {
  return await codeThrough('kraken', simulator, keys, clock.now, (session) =>
    session.fetch(windowOf(scenario, [0, hours]), null),
  );
}

describe('accepts', () => {
  test('the spot part of the account: the true return of every hour', async () => {
    const told = await withSimulator((simulator) =>
      returnsThrough('kraken', simulator, scenario, credentials, clock.now),
    );
    expect(told.returns).toEqual(trueReturns(scenario));
    expect(told.returns.filter((each) => each !== null)).toHaveLength(23);
  });

  test.each<FaultKind>([{ kind: 'duplicate-rows' }, { kind: 'reversed-rows' }])(
    '$kind: the same',
    async (fault) => {
      expect(await codeUnder(fault)).toBe('accepted');
    },
  );

  test('who the key belongs to, and what it may do', async () => {
    const identity = await withSimulator((simulator) =>
      withSession('kraken', simulator, credentials, clock.now, (session) => session.identify()),
    );
    expect(identity).toEqual({
      venueAccountId: 'AA88 N84G WOAK NMOI',
      paper: false,
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: false },
    });
  });
});

describe('refuses', () => {
  test.each<[string, Code, Credentials]>([
    ['a wrong key', 'VENUE_KEY_REJECTED', { ...credentials, apiKey: 'x'.repeat(56) }],
    ['a wrong secret', 'VENUE_KEY_REJECTED', { ...credentials, secret: 'eA==' }],
    ['a secret that is no base64', 'VENUE_KEY_REJECTED', { ...credentials, secret: 'x' }],
    ['no secret', 'VENUE_KEY_REJECTED', { apiKey: credentials.apiKey }],
  ])('%s: %s', async (_name, code, keys) => {
    expect(await withSimulator((simulator) => codeOfFetch(simulator, keys))).toBe(code);
  });

  test.each<[Code, FaultKind]>([
    ['VENUE_INCOMPLETE', { kind: 'dropped-row', row: 12 }],
    ['VENUE_INCOMPLETE', { kind: 'late-row', row: 12, until: scenario.end + 3_600_000 }],
    ['VENUE_INCOMPLETE', { kind: 'empty-page' }],
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
    expect(await codeUnder(fault)).toBe(code);
  });
});

async function codeUnder(fault: FaultKind): Promise<string> {
  return await withSimulator(async (simulator) => {
    simulator.faults.add({ ...fault, endpoint: LEDGERS });
    return await codeOfFetch(simulator, credentials, 4);
  });
}
