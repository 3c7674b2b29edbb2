// A venue that quotes prices to holders of a key only: what the hours need of them is asked while
// the session is open, and the hours are those of the same account at a venue that quotes to all.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadVenues, type Venue } from '@track-record/venues';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { openBackfilledAccount } from './backfilled-account.ts';
import { openDesk, type Desk } from './desk.ts';
import { openRecord } from './opened-record.ts';
import {
  CONNECTED_AT,
  HOUR_MS,
  LAST_BACKFILLED,
  LAST_OBSERVED,
  MASTER_KEY,
  OBSERVED_AT,
  scenario,
} from './small-account.ts';

let database: FreshDatabase;
let desk: Desk;
let venues: ReadonlyMap<string, Venue>;

beforeAll(async () => {
  database = await freshDatabase();
  desk = await openDesk({ scenario, database, masterKey: MASTER_KEY, now: CONNECTED_AT });
  await desk.handIn();
  const [binance] = (await loadVenues(['binance'])).values();
  if (binance === undefined) throw new Error('Binance is not there.');
  const keyed: Venue = {
    ...binance,
    connect: async (credentials, context) => ({
      ...(await binance.connect(credentials, context)),
      quotes: {
        currency: binance.capabilities.quoteCurrency,
        ask: (requests) => binance.prices(requests, context),
      },
    }),
    prices: () => Promise.resolve({ prices: [], marks: [] }),
  };
  venues = new Map([['binance', keyed]]);
  expect(await desk.connect({ venues })).toBe('DONE');
});

afterAll(async () => {
  await desk.close();
  await database.drop();
});

describe('holds', () => {
  test('the hours of a history, and those of the next hours', async () => {
    expect(await desk.sync(LAST_BACKFILLED, { venues })).toBe('DONE');
    const inPublic = await openBackfilledAccount();
    expect((await openRecord(database.url, MASTER_KEY)).hours).toEqual(inPublic.before.hours);
    await inPublic.drop();
    desk.setClock(OBSERVED_AT);
    for (let hour = LAST_BACKFILLED + HOUR_MS; hour <= LAST_OBSERVED; hour += HOUR_MS) {
      expect(await desk.sync(hour, { venues })).toBe('DONE');
    }
    const { hours } = await openRecord(database.url, MASTER_KEY);
    expect(hours.length).toBe(inPublic.before.hours.length + 2);
  }, 120_000);
});
