// How an account's record begins, and how it does not: what was handed in is tried at the venue
// once, and when it cannot work it is forgotten.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { createGateway } from '@track-record/gateway';
import type { RouteContext } from '@track-record/jobs/context';
import { parseStatement } from '@track-record/statement';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { UNLOCKED, visibleCode } from './backfilled-account.ts';
import { openDesk, type Desk } from './desk.ts';
import { openRecord } from './opened-record.ts';
import { ACCOUNT } from './site.ts';
import { CONNECTED_AT, LAST_BACKFILLED, MASTER_KEY, scenario } from './small-account.ts';

let database: FreshDatabase;
let desk: Desk;

beforeEach(async () => {
  database = await freshDatabase();
  desk = await openDesk({ scenario, database, masterKey: MASTER_KEY, now: CONNECTED_AT });
});

afterEach(async () => {
  await desk.close();
  await database.drop();
});

describe('accepts', () => {
  test('sealed credentials, and asks for the hours before', async () => {
    const enqueued: unknown[] = [];
    const enqueue: RouteContext['enqueue'] = (_trx, queue, payloads) => {
      enqueued.push(queue.name, ...payloads);
      return Promise.resolve();
    };
    await desk.handIn();
    expect(await desk.connect({ enqueue })).toBe('DONE');
    expect(enqueued).toEqual([
      'backfill-account.binance',
      { accountId: ACCOUNT, hour: LAST_BACKFILLED },
    ]);
    const { credentials, intake, status } = await openRecord(database.url, MASTER_KEY);
    expect(credentials).toHaveLength(2);
    expect(intake).toEqual([]);
    expect(status[0]).toMatch(/,,0,t,/);
  });

  test('a trading key that the owner allowed in so many words', async () => {
    desk.venue.setPermissions({ enableSpotAndMarginTrading: true });
    await desk.handIn({ allowTradingKey: true });
    expect(await desk.connect()).toBe('DONE');
  });

  test('a forgotten record of the same venue account: another begins, in sight', async () => {
    await connectEarlier(`, state = 'closed'`);
    await desk.handIn();
    expect(await desk.connect()).toBe('DONE');
    expect(await desk.sync(LAST_BACKFILLED)).toBe('DONE');
    const found = await desk.admin.query<{ body: Buffer }>('select body from record.statement');
    const [first] = found.rows.map(({ body }) => parseStatement(body));
    const census = { connected: 2, ended: 1, ordinal: 2, restarts: 1 };
    expect(first?.owner).toMatchObject(census);
  });
});

describe('refuses, and forgets what was handed in', () => {
  test.each<readonly [string, Code, () => Promise<void> | void]>([
    [
      'S13 a key that may trade',
      'VENUE_KEY_CAN_WITHDRAW',
      () => desk.venue.setPermissions({ enableFutures: true }),
    ],
    [
      'a key that the venue does not know',
      'VENUE_KEY_REJECTED',
      () => desk.venue.faults.add({ kind: 'wrong-key', endpoint: '*' }),
    ],
    [
      'credentials sealed for another owner',
      'ENVELOPE_REFUSED',
      () => change('owner_id = gen_random_uuid()'),
    ],
    ['a bit that is another', 'ENVELOPE_REFUSED', () => change(flipped(90))],
    ['another version', 'ENVELOPE_MALFORMED', () => change(flipped(3))],
    ['a cut envelope', 'ENVELOPE_MALFORMED', () => change('sealed = substring(sealed for 40)')],
    ['a venue that nobody knows', 'ENVELOPE_REFUSED', () => change(`venue = 'elsewhere'`)],
  ])('%s: %s', async (_name, code, prepare) => {
    await desk.handIn();
    await prepare();
    expect(await desk.connect()).toBe(code);
    expect(await visibleCode(desk)).toBe(code);
    expect(await openRecord(database.url, MASTER_KEY)).toMatchObject({
      account: [],
      credentials: [],
      intake: [],
    });
  });

  test.each([
    ['open', '', 'ACCOUNT_ALREADY_CONNECTED'],
    ['of another owner', ', owner_id = gen_random_uuid()', 'ACCOUNT_OF_ANOTHER_OWNER'],
    [
      'of another owner who forgot it',
      `, owner_id = gen_random_uuid(), state = 'closed'`,
      'ACCOUNT_OF_ANOTHER_OWNER',
    ],
  ])('R50 one-account-one-record: a venue account with a record %s', async (_, change, code) => {
    await connectEarlier(change);
    await desk.handIn();
    expect(await desk.connect()).toBe(code);
    expect((await openRecord(database.url, MASTER_KEY)).intake).toEqual([]);
  });

  test('an account that nobody handed in: ACCOUNT_UNKNOWN', async () => {
    expect(await desk.connect()).toBe('ACCOUNT_UNKNOWN');
    expect(await desk.sync(LAST_BACKFILLED)).toBe('ACCOUNT_UNKNOWN');
    expect((await openRecord(database.url, MASTER_KEY)).status).toEqual([]);
  });
});

describe('holds', () => {
  test.each(['loaded', 'opened', 'fetched', 'written'])(
    'an account that is forgotten at %s stays forgotten, whoever is first',
    async (step) => {
      await desk.handIn();
      let forgetting = Promise.resolve();
      const ending = await desk.connect({
        step: (each) => {
          if (each !== step) return;
          forgetting = createGateway({ pool: desk.admin }).forgetAccount(ACCOUNT);
        },
      });
      await forgetting;
      expect(['DONE', 'ACCOUNT_UNKNOWN']).toContain(ending);
      const { account, credentials, intake, status } = await openRecord(database.url, MASTER_KEY);
      expect({ credentials, intake }).toEqual({ credentials: [], intake: [] });
      expect(account.every((row) => row.includes('closed'))).toBe(true);
      expect(status).toHaveLength(account.length);
    },
  );

  test('a venue that is away now may be asked again later with what was handed in', async () => {
    await desk.handIn();
    desk.venue.faults.add({ kind: 'http-503', endpoint: '*' });
    expect(await desk.connect()).toBe('VENUE_UNAVAILABLE');
    expect(await visibleCode(desk)).toBe('VENUE_UNAVAILABLE');
    desk.venue.faults.clear();
    expect(await desk.connect()).toBe('DONE');
    expect(await visibleCode(desk)).toBe(null);
  });

  test('a job for a paused account leaves it paused, and for the reason it was', async () => {
    await desk.handIn();
    expect(await desk.connect()).toBe('DONE');
    desk.venue.faults.add({ kind: 'wrong-key', endpoint: '*' });
    expect(await desk.sync(LAST_BACKFILLED)).toBe('VENUE_KEY_REJECTED');
    expect(await desk.sync(LAST_BACKFILLED)).toBe('ACCOUNT_PAUSED');
    expect(await desk.reaggregate()).toBe('ACCOUNT_PAUSED');
    const found = await desk.admin.query('select state, state_code from record.account');
    expect(found.rows).toEqual([{ state: 'paused', state_code: 'VENUE_KEY_REJECTED' }]);
  });
});

async function change(assignment: string): Promise<void> {
  await desk.admin.query(`update record.intake set ${assignment}`);
}

/** A connection of the same venue account that came before, under another account id. */
async function connectEarlier(change: string): Promise<void> {
  await desk.handIn();
  expect(await desk.connect()).toBe('DONE');
  await desk.admin.query(`update record.account_status set account_id = gen_random_uuid()`);
  await withoutReferences(`${UNLOCKED}
    update record.account set account_id = gen_random_uuid() ${change};
    delete from record.account_key; delete from record.credential`);
}

async function withoutReferences(statement: string): Promise<void> {
  const client = await desk.admin.connect();
  await client.query('set session_replication_role = replica');
  await client.query(statement);
  client.release(true);
}

function flipped(byte: number): string {
  return `sealed = set_byte(sealed, ${byte}, get_byte(sealed, ${byte}) # 1)`;
}
