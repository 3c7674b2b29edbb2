// How a job ends in the queue's own rows: against the real pg-boss, in a database of the test's
// own.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { connectAccountQueue } from '@track-record/jobs/connect-account/queue';
import { DEAD_LETTER_QUEUE } from '@track-record/jobs/queue';
import { openStore, type Store } from '@track-record/store';
import { sql } from 'kysely';
import { PgBoss } from 'pg-boss';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';
import { reconcileQueues, servedQueues } from './queues.ts';
import { isFinal, settleFailure, settleSuccess, type Job } from './settle.ts';

const QUEUE = connectAccountQueue.name;
const RETRY_LIMIT = connectAccountQueue.policy.retryLimit;
const MARKER = 'https://venue.example/?signature=MARKERz81';

interface Row {
  readonly name: string;
  readonly state: string;
  readonly retry_limit: number;
  readonly output: unknown;
  readonly seconds: number;
}

let database: FreshDatabase;
let store: Store;
let boss: PgBoss;

beforeAll(async () => {
  database = await freshDatabase();
  const url = database.urlFor('enclave_worker');
  store = openStore(url, { connectionsMax: 2 });
  boss = new PgBoss({
    connectionString: url,
    migrate: false,
    supervise: false,
    schedule: false,
    registerInstance: false,
  });
  boss.on('error', (error) => {
    throw error;
  });
  await boss.start();
  await reconcileQueues(boss, servedQueues(['binance']));
});

afterAll(async () => {
  await boss.stop({ graceful: false });
  await store.close();
  await database.drop();
});

beforeEach(async () => {
  await sql`delete from pgboss.job_common`.execute(store.db);
});

describe('accepts', () => {
  test('a success, in the transaction that holds its results', async () => {
    const job = await claim();
    await store.db.transaction().execute((trx) => settleSuccess(job, trx, { hours: 3 }));
    expect(await rows()).toMatchObject([
      { state: 'completed', output: { code: 'DONE', hours: 3 } },
    ]);
  });

  test('a failure that may pass: another attempt', async () => {
    const job = await claim();
    expect(await fail(job, new RecordError('VENUE_UNAVAILABLE'))).toBe('VENUE_UNAVAILABLE');
    expect(await rows()).toMatchObject([
      { state: 'retry', retry_limit: RETRY_LIMIT, output: { code: 'VENUE_UNAVAILABLE' } },
    ]);
  });

  test('the wait that a venue asked for, which uses up no attempt', async () => {
    const job = await claim();
    await fail(job, new RecordError('VENUE_RATE_LIMITED', { retryAfterSeconds: 3_000 }));
    const [row] = await rows();
    expect(row).toMatchObject({ state: 'retry', retry_limit: RETRY_LIMIT + 1 });
    expect(row?.seconds).toBeGreaterThan(2_900);
  });
});

describe('refuses', () => {
  test('another attempt where none can help: the dead letters', async () => {
    const job = await claim();
    expect(await fail(job, new RecordError('VENUE_KEY_REJECTED'))).toBe('VENUE_KEY_REJECTED');
    const code = { code: 'VENUE_KEY_REJECTED' };
    expect(await rows()).toMatchObject([
      { name: QUEUE, state: 'failed', output: code },
      { name: DEAD_LETTER_QUEUE, state: 'created' },
    ]);
  });

  test('a success of a claim that is lost: JOB_CLAIM_LOST, and nothing of it stays', async () => {
    const lost = await lostClaim();
    const before = await rows();
    const settled = store.db.transaction().execute(async (trx) => {
      await sql`delete from pgboss.job_common`.execute(trx);
      await settleSuccess(lost, trx, { hours: 1 });
    });
    await expect(settled).rejects.toMatchObject({ code: 'JOB_CLAIM_LOST' });
    expect(await rows()).toEqual(before);
  });

  test.each([
    ['one that may pass', new RecordError('STORE_CONFLICT')],
    ['one that cannot', new RecordError('LEDGER_ENTRY_CONFLICT')],
    ['one that asks to wait', new RecordError('VENUE_RATE_LIMITED', { retryAfterSeconds: 60 })],
  ])('a failure of a claim that is lost, %s: JOB_CLAIM_LOST', async (_name, error) => {
    const lost = await lostClaim();
    const before = await rows();
    expect(await fail(lost, error)).toBe('JOB_CLAIM_LOST');
    expect(await rows()).toEqual(before);
  });
});

describe('holds', () => {
  test('nothing of a bug reaches the queue but INTERNAL', async () => {
    const job = await claim();
    expect(await fail(job, new Error(MARKER, { cause: MARKER }))).toBe('INTERNAL');
    const found = await rows();
    expect(found).toMatchObject([{ state: 'retry', output: { code: 'INTERNAL' } }]);
    expect(JSON.stringify(found)).not.toContain('MARKER');
  });

  test('the last attempt is the final one', async () => {
    const job = await claim();
    expect(isFinal('VENUE_UNAVAILABLE', job)).toBe(false);
    expect(isFinal('VENUE_UNAVAILABLE', { ...job, retryCount: RETRY_LIMIT })).toBe(true);
    expect(isFinal('VENUE_KEY_REJECTED', job)).toBe(true);
  });
});

async function claim(): Promise<Job> {
  await boss.send(QUEUE, { accountId: '7f3c1e86-52b1-4a6f-9f3e-0d9f6a3b2c10' });
  return fetchOne();
}

/** A job that was claimed, given up for dead, and claimed again by another worker. */
async function lostClaim(): Promise<Job> {
  const lost = await claim();
  await sql`update pgboss.job_common set state = 'retry', start_after = now()`.execute(store.db);
  const held = await fetchOne();
  expect(held.id).toBe(lost.id);
  expect(held.retryCount).toBe(lost.retryCount + 1);
  return lost;
}

async function fetchOne(): Promise<Job> {
  const [job] = await boss.fetch<unknown>(QUEUE, { batchSize: 1, includeMetadata: true });
  if (job === undefined) throw new Error('The queue gave no job.');
  return job;
}

async function fail(job: Job, error: unknown): Promise<string> {
  return settleFailure(boss, store.db, job, error);
}

async function rows(): Promise<readonly Row[]> {
  const found = await sql<Row>`
    select name, state::text, retry_limit, output,
      extract(epoch from start_after - now())::int as seconds
    from pgboss.job_common order by name`.execute(store.db);
  return found.rows;
}
