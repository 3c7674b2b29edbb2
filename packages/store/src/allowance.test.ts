// What workers share of a venue's limits, on a real database as the worker's role.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';
import { closeVenue, listenForWork, openStore, takeTokens, type Store } from './index.ts';

const PER_MINUTE = 60;
const BURST = 120;
const COST = 10;
const JOBS = 40;

let database: FreshDatabase;
let admin: pg.Pool;
let worker: Store;
let venues = 0;

beforeAll(async () => {
  database = await freshDatabase();
  admin = new pg.Pool({ connectionString: database.url, max: 8 });
  worker = openStore(database.urlFor('enclave_worker'), { connectionsMax: 8 });
});

afterAll(async () => {
  await worker.close();
  await admin.end();
  await database.drop();
});

describe('accepts', () => {
  test('as many jobs as the tokens are for, by what jobs cost', async () => {
    const venue = await newVenue();
    expect(await ask(venue, { jobs: 5 })).toEqual({ granted: 5, charged: COST });
    expect(await ask(venue, { jobs: 20 })).toEqual({ granted: 7, charged: COST });
    expect(await ask(venue, { jobs: 20 })).toEqual({ granted: 0, charged: COST });
    await pass(venue, 30);
    expect(await ask(venue, { jobs: 20 })).toEqual({ granted: 3, charged: COST });
  });

  test('what jobs asked beyond or below, and those that were not there', async () => {
    const venue = await newVenue();
    await ask(venue, { jobs: 12 });
    // Two asked 30 and 20 instead of 10 each: another ten jobs cost a little more from now on.
    const corrected = await ask(venue, { jobs: 1, settled: 2, correction: 30 });
    expect(corrected.granted).toBe(0);
    expect(corrected.charged).toBeCloseTo(11.5, 5);
    expect(await tokensOf(venue)).toBeCloseTo(-30, 0);
    await ask(venue, { jobs: 1, unclaimed: 4 });
    expect(await tokensOf(venue)).toBeCloseTo(16 - 11.5, 0);
  });

  test('what backfills ask beyond, which makes no hourly job dearer', async () => {
    const venue = await newVenue();
    await ask(venue, { jobs: 1, isBackfill: true });
    await ask(venue, { jobs: 1, isBackfill: true, settled: 1, correction: 50 });
    const dear = await ask(venue, { jobs: 1, isBackfill: true, settled: 1, correction: 0 });
    expect(dear).toEqual({ granted: 0, charged: COST + 5 });
    expect(await ask(venue, { jobs: 1 })).toEqual({ granted: 1, charged: COST });
  });

  test('a job that costs more than the bucket holds, once the bucket is full', async () => {
    const venue = await newVenue();
    await admin.query('update record.venue_allowance set cost = 500 where venue = $1', [venue]);
    expect(await ask(venue, { jobs: 5 })).toMatchObject({ granted: 1 });
    expect(await ask(venue, { jobs: 5 })).toMatchObject({ granted: 0 });
  });

  test('a venue that nobody has set a limit for', async () => {
    const venue = `unknown-${JOBS}`;
    await waitIn(venue, JOBS);
    expect(await ask(venue, { jobs: 50 })).toEqual({ granted: JOBS, charged: 12 });
  });

  test('a person: the worker that listens hears of the queue, of bulk work nothing', async () => {
    const stopping = new AbortController();
    const heard: string[] = [];
    const { promise: first, resolve } = Promise.withResolvers<void>();
    const hear = (queue: string): void => {
      heard.push(queue);
      resolve();
    };
    const listened = listenForWork(database.urlFor('enclave_worker'), hear, stopping.signal);
    await untilListening();
    await waitIn('heard', 3);
    await waitIn('heard', 1, 10);
    await first;
    expect(heard).toEqual(['sync-account.heard']);
    stopping.abort();
    await listened;
  });
});

describe('refuses', () => {
  test('every job of a venue that told a worker to wait; then it begins with nothing', async () => {
    const [venue, other] = [await newVenue(), await newVenue()];
    await closeVenue(worker.db, venue, 'shared', 60);
    expect(await ask(venue, { jobs: 5 })).toMatchObject({ granted: 0 });
    expect(await ask(other, { jobs: 5 })).toMatchObject({ granted: 5 });
    await closeVenue(worker.db, venue, 'shared', 1);
    await pass(venue, 59);
    expect(await ask(venue, { jobs: 5 })).toMatchObject({ granted: 0 });
    await pass(venue, 2);
    expect(await ask(venue, { jobs: 5 })).toMatchObject({ granted: 0 });
    await pass(venue, 20);
    expect(await ask(venue, { jobs: 5 })).toMatchObject({ granted: 2 });
  });

  test('the other address of a deployment nothing: each has its own', async () => {
    const venue = await newVenue();
    await closeVenue(worker.db, venue, 'shared', 60);
    expect(await ask(venue, { jobs: 5, egress: 'second' })).toMatchObject({ granted: 5 });
  });

  test('jobs of a queue that an operator holds back', async () => {
    const venue = await newVenue();
    await admin.query('insert into record.queue_hold values ($1)', [`sync-account.${venue}`]);
    expect(await ask(venue, { jobs: 5 })).toMatchObject({ granted: 0 });
  });

  test('backfills the half of the bucket, and less of it the longer they waited', async () => {
    const venue = await newVenue();
    expect(await ask(venue, { jobs: 20, isBackfill: true })).toMatchObject({ granted: 6 });
    expect(await ask(venue, { jobs: 20, isBackfill: true })).toMatchObject({ granted: 0 });
    const aged = `update pgboss.job_common set created_on = now() - interval '45 minutes'
      where name = $1`;
    await admin.query(aged, [`sync-account.${venue}`]);
    expect(await ask(venue, { jobs: 20, isBackfill: true })).toMatchObject({ granted: 4 });
    expect(await ask(venue, { jobs: 20 })).toMatchObject({ granted: 2 });
  });
});

describe('holds', () => {
  test('workers at once are never granted more than the bucket had', async () => {
    const venue = await newVenue();
    const asked = Array.from({ length: 40 }, () => ask(venue, { jobs: 2 }));
    const granted = (await Promise.all(asked)).reduce((sum, each) => sum + each.granted, 0);
    expect(granted).toBeGreaterThanOrEqual(BURST / COST);
    expect(granted).toBeLessThanOrEqual(BURST / COST + 1);
  });
});

/** With jobs that wait for it. */
async function newVenue(): Promise<string> {
  venues += 1;
  const venue = `venue-${venues}`;
  await admin.query(
    `insert into record.venue_allowance (venue, egress, per_minute, burst, tokens, cost,
       first_cost) values ($1, 'shared', $2, $3, $3, $4, $4)`,
    [venue, PER_MINUTE, BURST, COST],
  );
  await waitIn(venue, JOBS);
  return venue;
}

async function waitIn(venue: string, jobs: number, priority = 0): Promise<void> {
  const queue = `sync-account.${venue}`;
  await admin.query(
    `insert into pgboss.queue (name, policy, retry_limit, retry_delay, retry_backoff,
       expire_seconds, retention_seconds, deletion_seconds, partition, table_name)
     values ($1, 'standard', 8, 5, true, 1800, 7200, 21600, false, 'job_common')
     on conflict do nothing`,
    [queue],
  );
  await admin.query(
    `insert into pgboss.job_common (id, name, data, priority, keep_until)
     select gen_random_uuid(), $1, '{}', $3, now() + interval '1 hour' from generate_series(1, $2)`,
    [queue, jobs, priority],
  );
}

function ask(venue: string, change: Partial<Parameters<typeof takeTokens>[1]>) {
  const queue = `sync-account.${venue}`;
  const none = { isBackfill: false, unclaimed: 0, settled: 0, correction: 0 };
  const asked = { queue, venue, egress: 'shared', jobs: 1, ...none, ...change };
  return takeTokens(worker.db, asked);
}

async function tokensOf(venue: string): Promise<number> {
  const found = await admin.query<{ tokens: number }>(
    'select tokens from record.venue_allowance where venue = $1',
    [venue],
  );
  return found.rows[0]?.tokens ?? NaN;
}

/** Lets the bucket's time pass. */
async function pass(venue: string, seconds: number): Promise<void> {
  await admin.query(
    `update record.venue_allowance set counted_at = counted_at - $2 * interval '1 second',
       closed_until = closed_until - $2 * interval '1 second' where venue = $1`,
    [venue, seconds],
  );
}

async function untilListening(): Promise<void> {
  const text = `select from pg_stat_activity
    where query = 'listen record_work' and state = 'idle' and datname = current_database()`;
  while ((await admin.query(text)).rows.length === 0);
}
