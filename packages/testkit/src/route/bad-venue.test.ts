// What a venue may do to the route, and what the route then does: a code in the account's status,
// nothing half-written, and the same final hours once the venue is well again.

import assert from 'node:assert';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import type { Permissions } from '../binance/call.ts';
import type { Fault } from '../simulator/faults.ts';
import { freshDatabase } from '../postgres/template-database.ts';
import {
  UNLOCKED,
  openBackfilledAccount,
  reactivate,
  visibleCode,
  writtenBy,
  type BackfilledAccount,
  type Copy,
} from './backfilled-account.ts';
import { openDesk, type Desk } from './desk.ts';
import { openRecord } from './opened-record.ts';
import * as small from './small-account.ts';

const { LAST_BACKFILLED, LAST_OBSERVED, OBSERVED_AT, CONNECTED_AT, MASTER_KEY } = small;
const { HOUR_MS, scenario } = small;
const SPOT_FILLS = 'GET /api/v3/myTrades';
const DEPOSITS = 'GET /sapi/v1/capital/deposit/hisrec';
const INCOME = 'GET /fapi/v1/income';
const CANDLES = 'GET /api/v3/klines';
/** The whole of the route's first question to the venue. */
const ANY = '*';

let account: BackfilledAccount;

beforeAll(async () => {
  account = await openBackfilledAccount();
});

afterAll(async () => account.drop());

describe('accepts', () => {
  test.each<readonly [string, Fault]>([
    ['fills twice', { kind: 'duplicate-rows', endpoint: SPOT_FILLS }],
    ['fills in reverse', { kind: 'reversed-rows', endpoint: SPOT_FILLS }],
    ['deposits twice', { kind: 'duplicate-rows', endpoint: DEPOSITS }],
    ['deposits in reverse', { kind: 'reversed-rows', endpoint: DEPOSITS }],
    ['income twice', { kind: 'duplicate-rows', endpoint: INCOME }],
    ['income in reverse', { kind: 'reversed-rows', endpoint: INCOME }],
  ])('%s, from the first synchronisation on', async (_name, fault) => {
    await atNewAccount(async (desk, url) => {
      desk.venue.faults.add(fault);
      await desk.handIn();
      expect(await desk.connect()).toBe('DONE');
      expect(await desk.sync(LAST_BACKFILLED)).toBe('DONE');
      desk.setClock(OBSERVED_AT);
      expect(await desk.sync(LAST_OBSERVED)).toBe('DONE');
      expect(await openRecord(url, MASTER_KEY)).toEqual(account.undisturbed);
    });
  });
});

describe('refuses, and goes on when the venue is well again', () => {
  test.each<readonly [string, Code, Fault]>([
    ['429', 'VENUE_RATE_LIMITED', { kind: 'http-429', retryAfterS: 7, endpoint: INCOME }],
    ['429 at once', 'VENUE_RATE_LIMITED', { kind: 'http-429', retryAfterS: null, endpoint: ANY }],
    ['418', 'VENUE_RATE_LIMITED', { kind: 'http-418', retryAfterS: 120, endpoint: SPOT_FILLS }],
    ['the firewall', 'VENUE_RATE_LIMITED', { kind: 'http-403-html', endpoint: DEPOSITS }],
    ['a region', 'VENUE_GEO_BLOCKED', { kind: 'http-451', endpoint: ANY }],
    ['500', 'VENUE_UNAVAILABLE', { kind: 'http-500', endpoint: SPOT_FILLS, after: 3 }],
    ['503', 'VENUE_UNAVAILABLE', { kind: 'http-503', endpoint: DEPOSITS }],
    ['500 for a price', 'VENUE_UNAVAILABLE', { kind: 'http-500', endpoint: CANDLES, after: 2 }],
    ['a wrong key', 'VENUE_KEY_REJECTED', { kind: 'wrong-key', endpoint: ANY }],
    ['a wrong clock', 'VENUE_CLOCK_SKEW', { kind: 'skewed-clock', endpoint: ANY }],
    ['HTML', 'VENUE_UNAVAILABLE', { kind: 'html-200', endpoint: INCOME }],
    ['HTML for a price', 'VENUE_UNAVAILABLE', { kind: 'html-200', endpoint: CANDLES }],
    ['a cut page', 'VENUE_UNAVAILABLE', { kind: 'cut-body', endpoint: SPOT_FILLS, after: 1 }],
    ['a stalled page', 'VENUE_UNAVAILABLE', { kind: 'stalled-body', endpoint: INCOME }],
    [
      'an endless page',
      'VENUE_UNEXPECTED_SHAPE',
      { kind: 'huge-body', sizeBytes: 20_000_000, endpoint: SPOT_FILLS },
    ],
    ['a missing page', 'VENUE_INCOMPLETE', { kind: 'empty-page', endpoint: SPOT_FILLS }],
  ])('%s: %s', async (_name, code, fault) => {
    await account.withCopy(async (copy) => {
      copy.venue.faults.add(fault);
      await expectRefusal(copy, code);
      copy.venue.faults.clear();
      await expectToGoOn(copy);
    });
  });

  test.each<readonly [string, Code, Partial<Permissions>]>([
    ['that may not read', 'VENUE_KEY_REJECTED', { enableReading: false }],
    ['that may withdraw', 'VENUE_KEY_CAN_WITHDRAW', { enableWithdrawals: true }],
    ['that may trade', 'VENUE_KEY_CAN_WITHDRAW', { enableSpotAndMarginTrading: true }],
    ['that may move money', 'VENUE_KEY_CAN_WITHDRAW', { permitsUniversalTransfer: true }],
  ])('a key %s: %s', async (_name, code, permissions) => {
    await account.withCopy(async (copy) => {
      copy.venue.setPermissions(permissions);
      await expectRefusal(copy, code);
      const reversed = Object.keys(permissions).map((name) => [name, name === 'enableReading']);
      copy.venue.setPermissions(Object.fromEntries(reversed));
      await expectToGoOn(copy);
    });
  });

  test('no answer within the job’s time: VENUE_UNAVAILABLE', async () => {
    await account.withCopy(async (copy) => {
      copy.venue.faults.add({ kind: 'hang', endpoint: DEPOSITS });
      expect(await copy.sync(LAST_OBSERVED, { signal: AbortSignal.timeout(500) })).toBe(
        'VENUE_UNAVAILABLE',
      );
      copy.venue.faults.clear();
      await expectToGoOn(copy);
    });
  });

  test('a venue whose clock stands still: VENUE_STALE', async () => {
    await account.withCopy(async (copy) => {
      copy.setClock(CONNECTED_AT);
      const ours = { now: () => OBSERVED_AT };
      expect(await copy.sync(LAST_OBSERVED, ours)).toBe('VENUE_STALE');
      expect(writtenBy(await copy.record())).toEqual(writtenBy(account.before));
      copy.setClock(OBSERVED_AT);
      await expectToGoOn(copy);
    });
  });

  test('the key of another account: VENUE_ACCOUNT_CHANGED', async () => {
    await account.withCopy(async (copy) => {
      // The hash of the connected account is another one than that of the account which answers.
      await copy.admin.query(
        `${UNLOCKED} update record.account set venue_account_hash = repeat('a', 64)`,
      );
      await expectRefusal(copy, 'VENUE_ACCOUNT_CHANGED');
    });
  });
});

describe('holds: a row that the venue tells late', () => {
  test('leaves its hour without a number until it is told, and then unchanged', async () => {
    await account.withCopy(async (copy) => {
      copy.venue.faults.add(withheld((at) => at >= CONNECTED_AT, OBSERVED_AT + HOUR_MS));
      await expectRefusal(copy, 'LEDGER_NOT_RECONCILED');
      copy.setClock(OBSERVED_AT + HOUR_MS);
      expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
      expect((await copy.record()).hours).toEqual(account.undisturbed.hours);
    });
  });

  test('R30 a-history-meets-the-first-observation: one that does not is refused', async () => {
    const database = await freshDatabase();
    const options = { scenario, database, masterKey: MASTER_KEY };
    const first = await openDesk({ ...options, now: CONNECTED_AT });
    first.venue.faults.add(withheld((at) => at < CONNECTED_AT, Infinity));
    await first.handIn();
    expect(await first.connect()).toBe('DONE');
    expect(await first.sync(LAST_BACKFILLED)).toBe('LEDGER_NOT_RECONCILED');
    expect(await visibleCode(first)).toBe('LEDGER_NOT_RECONCILED');
    expect((await openRecord(database.url, MASTER_KEY)).state).toEqual([]);
    await first.close();
    const second = await openDesk({ ...options, now: CONNECTED_AT });
    expect(await second.sync(LAST_BACKFILLED)).toBe('DONE');
    expect(await openRecord(database.url, MASTER_KEY)).toEqual(account.before);
    await second.close();
    await database.drop();
  });
});

/** Keeps the last of the spot fills in question back until the clock reaches `until`. */
function withheld(isMeant: (at: number) => boolean, until: number): Fault {
  const fills = scenario.events.filter((event) => event.kind === 'spot-fill');
  const meant = fills.findLast(({ at }) => isMeant(at));
  assert(meant !== undefined);
  const row = fills.filter(({ market }) => market === meant.market).indexOf(meant);
  const match = `symbol=${meant.market.replace('/', '')}`;
  return { kind: 'late-row', row, until, endpoint: SPOT_FILLS, match };
}

async function expectRefusal(copy: Copy, code: Code): Promise<void> {
  expect(await copy.sync(LAST_OBSERVED)).toBe(code);
  expect(await visibleCode(copy)).toBe(code);
  expect(writtenBy(await copy.record())).toEqual(writtenBy(account.before));
}

async function expectToGoOn(copy: Copy): Promise<void> {
  await reactivate(copy);
  expect(await copy.sync(LAST_OBSERVED)).toBe('DONE');
  expect(await copy.record()).toEqual(account.undisturbed);
}

async function atNewAccount(act: (desk: Desk, url: string) => Promise<void>): Promise<void> {
  const database = await freshDatabase();
  const desk = await openDesk({ scenario, database, masterKey: MASTER_KEY, now: CONNECTED_AT });
  try {
    await act(desk, database.url);
  } finally {
    await desk.close();
    await database.drop();
  }
}
