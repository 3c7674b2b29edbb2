// Coinbase's connector and the real client against the simulated Coinbase: the true returns of the
// scenario's spot part, a first fetch that must explain what is held, and a refusal for everything
// else. Tests that ask much have a simulator of their own, and with it an allowance of their own.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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
import { createEcKey, createEdKey, startCoinbaseSimulator } from './simulator.ts';

await hastenAllowances();

const scenario = spotOf(
  buildScenario({ seed: 5, start: Date.UTC(2026, 7, 1), hours: 48, fills: 300 }),
);
const clock = fakeClock(scenario.end + 60_000);
const [ec, ed] = [createEcKey(), createEdKey()];
const credentials = { apiKey: ec.apiKey, secret: ec.secret };
const FILLS = 'GET /api/v3/brokerage/orders/historical/fills';
const WALLET = 'GET /v2/accounts/c6afbd34-4bd0-501e-8616-000055534454/transactions';
let simulator: Simulator;

beforeEach(async () => {
  simulator = await startCoinbaseSimulator({ scenario, now: clock.now }, [ec, ed]);
});

afterEach(async () => simulator.close());

async function codeOfFetch(keys: Credentials = credentials): Promise<string> {
  return await codeThrough('coinbase', simulator, keys, clock.now, (session) =>
    session.fetch(windowOf(scenario, [0, 48]), null),
  );
}

describe('accepts', () => {
  test('the spot part of the account: the true return of every hour', async () => {
    const told = await returnsThrough('coinbase', simulator, scenario, credentials, clock.now);
    expect(told.returns).toEqual(trueReturns(scenario));
    expect(told.returns.filter((each) => each !== null)).toHaveLength(47);
  }, 120_000);

  test('hours one after the other: the same entries, without the whole history again', async () => {
    const [whole, first, later] = await withSession(
      'coinbase',
      simulator,
      credentials,
      clock.now,
      async (session) => {
        const all = await session.fetch(windowOf(scenario, [0, 48]), null);
        const early = await session.fetch(windowOf(scenario, [0, 40]), null);
        const late = await session.fetch(windowOf(scenario, [40, 48]), early.cursor);
        return [all, early, late] as const;
      },
    );
    expect([...first.entries, ...later.entries]).toEqual(whole.entries);
    expect(later.requests).toBeLessThan(whole.requests);
  });

  test.each([
    ['ES256', ec],
    ['EdDSA', ed],
  ])('a key of %s: whose it is, and what it may do', async (_name, { apiKey, secret }) => {
    const keys = { apiKey, secret };
    const identity = await withSession('coinbase', simulator, keys, clock.now, (session) =>
      session.identify(),
    );
    expect(identity).toEqual({
      venueAccountId: 'b87a2d5e-0a1c-5f55-8b1f-0c9c8a5a4e57',
      paper: false,
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: null },
    });
  });

  test.each<[string, FaultKind]>([
    [FILLS, { kind: 'duplicate-rows' }],
    [FILLS, { kind: 'reversed-rows' }],
    [WALLET, { kind: 'duplicate-rows' }],
    [WALLET, { kind: 'reversed-rows' }],
  ])('%s, %j: the same', async (endpoint, fault) => {
    simulator.faults.add({ ...fault, endpoint });
    expect(await codeOfFetch()).toBe('accepted');
  });
});

describe('refuses', () => {
  test.each<[string, Code, Credentials]>([
    ['a wrong key', 'VENUE_KEY_REJECTED', { ...credentials, apiKey: 'organizations/x' }],
    ['the secret of another key', 'VENUE_KEY_REJECTED', { ...credentials, secret: ed.secret }],
    ['a secret that is none', 'VENUE_KEY_REJECTED', { ...credentials, secret: 'x' }],
    ['a cut PEM', 'VENUE_KEY_REJECTED', { ...credentials, secret: ec.secret.slice(0, 60) }],
    ['no secret', 'VENUE_KEY_REJECTED', { apiKey: credentials.apiKey }],
  ])('%s: %s', async (_name, code, keys) => {
    expect(await codeOfFetch(keys)).toBe(code);
  });

  test.each<[string, Code, FaultKind]>([
    [FILLS, 'VENUE_INCOMPLETE', { kind: 'dropped-row', row: 40 }],
    [FILLS, 'VENUE_INCOMPLETE', { kind: 'empty-page' }],
    [WALLET, 'VENUE_INCOMPLETE', { kind: 'dropped-row', row: 0 }],
    [WALLET, 'VENUE_INCOMPLETE', { kind: 'late-row', row: 0, until: scenario.end + 3_600_000 }],
    [WALLET, 'VENUE_RATE_LIMITED', { kind: 'http-429', retryAfterS: 1 }],
    [WALLET, 'VENUE_GEO_BLOCKED', { kind: 'http-451' }],
    [WALLET, 'VENUE_KEY_REJECTED', { kind: 'wrong-key' }],
    [WALLET, 'VENUE_UNAVAILABLE', { kind: 'maintenance' }],
    [WALLET, 'VENUE_UNAVAILABLE', { kind: 'http-500' }],
    [WALLET, 'VENUE_UNAVAILABLE', { kind: 'http-403-html' }],
    [WALLET, 'VENUE_UNAVAILABLE', { kind: 'html-200' }],
    [WALLET, 'VENUE_UNAVAILABLE', { kind: 'cut-body' }],
    [WALLET, 'VENUE_UNEXPECTED_SHAPE', { kind: 'huge-body', sizeBytes: 9_000_000 }],
  ])('%s, %s: %j', async (endpoint, code, fault) => {
    simulator.faults.add({ ...fault, endpoint });
    expect(await codeOfFetch()).toBe(code);
  });
});
