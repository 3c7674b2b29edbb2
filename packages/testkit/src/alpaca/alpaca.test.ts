// Alpaca's connector and its real client against the simulated Alpaca: the true return of every
// hour of a week, paper and live told apart by who knows the key, and a refusal for everything
// else.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import type { VenueIdentity, VenueSession } from '@track-record/venues';
import { fakeClock } from '../fake-clock.ts';
import type { FaultKind } from '../simulator/faults.ts';
import {
  codeThrough,
  returnsThrough,
  trueReturns,
  withSession,
  type Credentials,
} from '../simulator/returns-through.ts';
import type { Simulator } from '../simulator/server.ts';
import { buildWeek, HOUR_MS } from './scenario.ts';
import { liveKey, paperKey, startAlpacaSimulator } from './simulator.ts';

const week = buildWeek(11);
const clock = fakeClock(week.end + 40 * HOUR_MS);
const ACTIVITIES = 'GET /v2/account/activities';
const VARIABLES = ['APCA_API_KEY_ID', 'APCA_API_SECRET_KEY', 'APCA_API_OAUTH_TOKEN'];
let simulator: Simulator;

beforeAll(async () => {
  // The client reads these when it is given no key: every test would fail if it ever did.
  for (const name of VARIABLES) process.env[name] = 'from-the-environment';
  simulator = await startAlpacaSimulator({ week, now: clock.now });
});

afterEach(() => simulator.faults.clear());

afterAll(async () => {
  for (const name of VARIABLES) delete process.env[name];
  await simulator.close();
});

async function visit(session: VenueSession): Promise<VenueIdentity> {
  const identity = await session.identify();
  await session.observe();
  await session.fetch({ from: week.start, to: week.end }, null);
  return identity;
}

async function codeOfVisit(keys: Credentials = liveKey): Promise<string> {
  return await codeThrough('alpaca', simulator, keys, clock.now, visit);
}

describe('accepts', () => {
  test('the whole week: the true return of every hour', async () => {
    const told = await returnsThrough('alpaca', simulator, week, liveKey, clock.now);
    expect(told.returns).toEqual(trueReturns(week));
    expect(told.returns.filter((each) => each !== null)).toHaveLength(164);
  }, 120_000);

  test.each([
    ['live', liveKey, false],
    ['paper', paperKey, true],
  ])('a key of the %s environment, whatever it begins with', async (_name, keys, paper) => {
    const identity = await withSession('alpaca', simulator, keys, clock.now, visit);
    expect(identity.paper).toBe(paper);
  });

  test('rows in any order, and told again on the next page: the same returns', async () => {
    simulator.faults.add({ kind: 'reversed-rows', endpoint: ACTIVITIES });
    const told = await returnsThrough('alpaca', simulator, week, liveKey, clock.now);
    expect(told.returns).toEqual(trueReturns(week));
  }, 120_000);
});

describe('refuses', () => {
  test.each<[string, Credentials]>([
    ['a wrong key', { ...liveKey, apiKey: 'x' }],
    ['a wrong secret', { ...liveKey, secret: 'x' }],
    ['no secret, though the environment has one', { apiKey: liveKey.apiKey }],
    ['an empty secret, though the environment has one', { ...liveKey, secret: '' }],
    ['no key at all, though the environment has a token', {}],
    ['a secret that no header can carry', { ...liveKey, secret: 'line\nbreak' }],
  ])('%s: VENUE_KEY_REJECTED', async (_name, keys) => {
    expect(await codeOfVisit(keys)).toBe('VENUE_KEY_REJECTED');
  });

  test.each<[Code, FaultKind]>([
    ['VENUE_KEY_REJECTED', { kind: 'wrong-key' }],
    ['VENUE_RATE_LIMITED', { kind: 'http-429', retryAfterS: 7 }],
    ['VENUE_GEO_BLOCKED', { kind: 'http-451' }],
    ['VENUE_UNAVAILABLE', { kind: 'http-500' }],
    ['VENUE_UNAVAILABLE', { kind: 'http-503' }],
    ['VENUE_UNAVAILABLE', { kind: 'http-403-html' }],
    ['VENUE_UNAVAILABLE', { kind: 'html-200' }],
    ['VENUE_UNAVAILABLE', { kind: 'cut-body' }],
    ['VENUE_UNAVAILABLE', { kind: 'stalled-body' }],
    ['VENUE_UNEXPECTED_SHAPE', { kind: 'huge-body', sizeBytes: 9_000_000 }],
    ['VENUE_INCOMPLETE', { kind: 'duplicate-rows' }],
  ])(
    '%s: %j',
    async (code, fault) => {
      simulator.faults.add({ ...fault, endpoint: ACTIVITIES });
      expect(await codeOfVisit()).toBe(code);
    },
    30_000,
  );

  test('an outage of the live environment is no proof that a key is of the other', async () => {
    simulator.faults.add({ kind: 'http-500', endpoint: 'GET /v2/account' });
    expect(await codeOfVisit(paperKey)).toBe('VENUE_UNAVAILABLE');
  });
});

describe('holds', () => {
  test('a row that comes late changes the hours until it is there', async () => {
    const until = clock.now() + HOUR_MS;
    simulator.faults.add({ kind: 'late-row', row: 40, until, endpoint: ACTIVITIES });
    const { returns } = await returnsThrough('alpaca', simulator, week, liveKey, clock.now);
    expect(returns).not.toEqual(trueReturns(week));
    clock.advance(2 * HOUR_MS);
    const told = await returnsThrough('alpaca', simulator, week, liveKey, clock.now);
    expect(told.returns).toEqual(trueReturns(week));
  }, 120_000);
});
