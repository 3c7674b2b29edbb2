// An account in dollars at a venue that quotes in a stablecoin: its hours are those of the same
// account in the stablecoin, converted by the public candles of another venue, at every hour.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseDecimal } from '@track-record/ledger';
import { loadVenues, type PriceRequest, type Venue } from '@track-record/venues';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { openBackfilledAccount } from './backfilled-account.ts';
import { openDesk, type Desk } from './desk.ts';
import { openRecord } from './opened-record.ts';
import { CONNECTED_AT, LAST_BACKFILLED, MASTER_KEY, scenario } from './small-account.ts';

/** A stablecoin at par gives the returns of the account in the stablecoin. */
const PAR = parseDecimal('1');

let database: FreshDatabase;
let desk: Desk;
let asked: PriceRequest[];
let venues: ReadonlyMap<string, Venue>;

beforeAll(async () => {
  database = await freshDatabase();
  desk = await openDesk({ scenario, database, masterKey: MASTER_KEY, now: CONNECTED_AT });
  await desk.handIn();
  await desk.admin.query(`update record.intake set reporting_currency = 'USD'`);
  asked = [];
  const own = await loadVenues(['binance']);
  const [binance] = own.values();
  if (binance === undefined) throw new Error('Binance is not there.');
  const kraken: Venue = {
    ...binance,
    prices: (requests) => {
      asked.push(...requests);
      const prices = requests.map(({ name, currency, at }) => {
        return { asset: name, currency, at, price: PAR };
      });
      return Promise.resolve({ prices, marks: [] });
    },
  };
  venues = new Map([...own, ['kraken', kraken]]);
  expect(await desk.connect({ venues })).toBe('DONE');
});

afterAll(async () => {
  await desk.close();
  await database.drop();
});

describe('accepts', () => {
  test('the pair that the record names, at every hour, and nothing else from there', async () => {
    expect(await desk.sync(LAST_BACKFILLED, { venues })).toBe('DONE');
    expect(new Set(asked.map(({ name, currency }) => `${name}/${currency}`))).toEqual(
      new Set(['USDT/USD']),
    );
    const { hours, segments } = await openRecord(database.url, MASTER_KEY);
    const inTether = await openBackfilledAccount();
    expect(hours).toEqual(inTether.before.hours);
    await inTether.drop();
    expect(segments.join('')).toContain('"source":"kraken"');
  });
});
