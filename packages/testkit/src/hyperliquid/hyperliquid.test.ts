// Hyperliquid's connector and the real client against the simulated Hyperliquid: the true returns
// of the scenario's futures part, fills that link, a wallet that its owner alone connects, and a
// refusal for everything else. The owner's signature is made by ccxt's encoder of typed data.

import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { fakeClock } from '../fake-clock.ts';
import { buildScenario } from '../scenario/build-scenario.ts';
import { futuresOf } from '../scenario/parts.ts';
import type { FaultKind } from '../simulator/faults.ts';
import {
  codeThrough,
  returnsThrough,
  trueReturns,
  windowOf,
  withSession,
  type Credentials,
} from '../simulator/returns-through.ts';
import type { Simulator } from '../simulator/server.ts';
import { startHyperliquidSimulator } from './simulator.ts';

const NONCE = 'a-nonce-of-the-owner';
const [KEY, OTHER_KEY] = ['11'.repeat(32), '22'.repeat(32)];
const venues = createRequire(new URL('../../../venues/package.json', import.meta.url));
const source = venues.resolve('ccxt').replace('dist/ccxt.cjs', 'js/src/hyperliquid.js');
const { default: Hyperliquid } = parseModule(await import(source));
const signer = new Hyperliquid();
const address = signer.ethGetAddressFromPrivateKey(KEY);

/** The part of ccxt's Exchange that signs; testkit does not depend on ccxt. */
interface Signer {
  readonly ethGetAddressFromPrivateKey: (key: string) => string;
  readonly ethEncodeStructuredData: (domain: object, types: object, message: object) => unknown;
  readonly signMessage: (message: unknown, key: string) => unknown;
}

function parseModule(module: unknown): { readonly default: new () => Signer } {
  return module as { readonly default: new () => Signer };
}

/** As a wallet signs it: r, s and v. */
function signed(key: string, wallet: string, nonce = NONCE, name = 'Track record'): string {
  const types = {
    Ownership: [
      { name: 'wallet', type: 'address' },
      { name: 'nonce', type: 'string' },
    ],
  };
  const message = signer.ethEncodeStructuredData({ name, version: '1' }, types, { wallet, nonce });
  const { r, s, v } = parseSignature(signer.signMessage(message, key));
  const [left, right] = [r, s].map((part) => part.replace('0x', '').padStart(64, '0'));
  return `0x${left}${right}${v.toString(16)}`;
}

function parseSignature(value: unknown): { r: string; s: string; v: number } {
  return value as { r: string; s: string; v: number };
}

const credentials = { walletAddress: address, password: NONCE, secret: signed(KEY, address) };
const whole = buildScenario({ seed: 5, start: Date.UTC(2026, 7, 1), hours: 48, fills: 900 });
// Its dollars are Hyperliquid's.
const scenario = { ...futuresOf(whole), reporting: 'USDC' };
const clock = fakeClock(scenario.end + 60_000);
let simulator: Simulator;

beforeEach(async () => {
  simulator = await startHyperliquidSimulator({ scenario, now: clock.now }, address);
});

afterEach(async () => simulator.close());

async function codeOfFetch(keys: Credentials = credentials): Promise<string> {
  return await codeThrough('hyperliquid', simulator, keys, clock.now, (session) =>
    session.fetch(windowOf(scenario, [0, 48]), null),
  );
}

describe('accepts', () => {
  test('the futures part of the account: the true return of every hour', async () => {
    const told = await returnsThrough('hyperliquid', simulator, scenario, credentials, clock.now);
    expect(told.returns).toEqual(trueReturns(scenario));
    expect(told.returns.filter((each) => each !== null).length).toBeGreaterThan(40);
    expect(told.entries.filter(({ position }) => position !== undefined).length).toBeGreaterThan(
      99,
    );
  }, 120_000);

  test('the wallet of its owner, which can only be looked at', async () => {
    const identity = await withSession(
      'hyperliquid',
      simulator,
      credentials,
      clock.now,
      (session) => session.identify(),
    );
    expect(identity).toEqual({
      venueAccountId: address.toLowerCase(),
      paper: false,
      permissions: { read: true, trade: false, withdraw: false, ipRestricted: null },
    });
  });

  test.each<FaultKind>([{ kind: 'duplicate-rows' }, { kind: 'reversed-rows' }])(
    '$kind: the same',
    async (fault) => {
      simulator.faults.add({ ...fault, endpoint: 'POST /info', match: 'userFillsByTime' });
      expect(await codeOfFetch()).toBe('accepted');
    },
  );
});

describe('refuses', () => {
  test.each<[string, Credentials]>([
    ['an address alone', { walletAddress: address }],
    ['the signature of another', { ...credentials, secret: signed(OTHER_KEY, address) }],
    [
      'a signature over another wallet',
      { ...credentials, secret: signed(KEY, `0x${'1'.repeat(40)}`) },
    ],
    ['a signature over another nonce', { ...credentials, password: 'a-nonce-of-another' }],
    ['a short nonce', { ...credentials, password: 'short', secret: signed(KEY, address, 'short') }],
    [
      'data typed for something else',
      { ...credentials, secret: signed(KEY, address, NONCE, 'Other') },
    ],
    ['no point of the curve', { ...credentials, secret: `0x${'ff'.repeat(64)}1b` }],
    ['what is no signature', { ...credentials, secret: 'x' }],
    ['what is no address', { ...credentials, walletAddress: 'x' }],
  ])('%s: VENUE_KEY_REJECTED', async (_name, keys) => {
    expect(await codeOfFetch(keys)).toBe('VENUE_KEY_REJECTED');
  });

  test.each([
    ['userFillsByTime', 0],
    ['userFunding', 1],
    ['userNonFundingLedgerUpdates', 0],
  ])('%s without row %i: VENUE_INCOMPLETE', async (match, row) => {
    simulator.faults.add({ kind: 'dropped-row', row, endpoint: 'POST /info', match });
    expect(await codeOfFetch()).toBe('VENUE_INCOMPLETE');
  });

  test.each<[Code, FaultKind]>([
    ['VENUE_INCOMPLETE', { kind: 'dropped-row', row: 40 }],
    ['VENUE_INCOMPLETE', { kind: 'late-row', row: 40, until: scenario.end + 3_600_000 }],
    ['VENUE_RATE_LIMITED', { kind: 'http-429', retryAfterS: 1 }],
    ['VENUE_GEO_BLOCKED', { kind: 'http-451' }],
    ['VENUE_UNAVAILABLE', { kind: 'maintenance' }],
    ['VENUE_UNAVAILABLE', { kind: 'http-500' }],
    ['VENUE_UNAVAILABLE', { kind: 'http-503' }],
    ['VENUE_UNAVAILABLE', { kind: 'http-403-html' }],
    ['VENUE_UNAVAILABLE', { kind: 'html-200' }],
    ['VENUE_UNAVAILABLE', { kind: 'cut-body' }],
    ['VENUE_UNEXPECTED_SHAPE', { kind: 'huge-body', sizeBytes: 9_000_000 }],
  ])('%s: %j', async (code, fault) => {
    simulator.faults.add({ ...fault, endpoint: 'POST /info', match: 'userFillsByTime' });
    expect(await codeOfFetch()).toBe(code);
  });
});
