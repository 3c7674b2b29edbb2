// The queue as the migrations leave it: the gateway's two functions, the guards on what a job
// carries, and pg-boss doing all its work with the worker's rights.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';
import { SAMPLE_HOUR, sampleAccount } from '../../testkit/src/postgres/sample-record.ts';
import * as store from './index.ts';

const QUEUE = 'sync-account.binance';
const POLICY = {
  policy: 'exclusive',
  retryLimit: 7,
  retryDelay: 5,
  retryBackoff: true,
  retryDelayMax: 90,
  expireInSeconds: 120,
  heartbeatSeconds: 30,
  retentionSeconds: 600,
  deleteAfterSeconds: 60,
  deadLetter: 'dead',
} as const;

let database: FreshDatabase;
let worker: store.Store;
let gateway: pg.Client;
let owner: pg.Client;
let boss: PgBoss;
let account: store.NewAccount;

beforeAll(async () => {
  database = await freshDatabase();
  worker = store.openStore(database.urlFor('enclave_worker'), { connectionsMax: 2 });
  gateway = new pg.Client({ connectionString: database.urlFor('gateway') });
  owner = new pg.Client({ connectionString: database.url });
  await Promise.all([gateway.connect(), owner.connect()]);
  boss = new PgBoss({
    connectionString: database.urlFor('enclave_worker'),
    migrate: false,
    createSchema: false,
    supervise: true,
    schedule: true,
    registerInstance: false,
    reindex: false,
    cronMonitorIntervalSeconds: 1,
    cronWorkerIntervalSeconds: 1,
  });
  // A right that a background pass lacks shows only here.
  boss.on('error', (error) => backgroundErrors.push(error));
  await boss.start();
  await boss.createQueue('dead');
  for (const name of [QUEUE, 'connect-account']) await boss.createQueue(name, POLICY);
  account = sampleAccount();
  await store.insertAccount(worker.db, account);
});

const backgroundErrors: Error[] = [];

afterAll(async () => {
  await boss.stop({ graceful: false });
  await Promise.all([gateway.end(), owner.end(), worker.close()]);
  await database.drop();
});

async function enqueueSync(accountId: string, hour: number | null): Promise<string> {
  const at = hour === null ? null : new Date(hour);
  const text = 'select gateway.enqueue_sync($1, $2) as job';
  return (await gateway.query(text, [accountId, at])).rows[0].job;
}

async function connectAccount(change: Record<string, unknown> = {}): Promise<string> {
  const request = {
    accountId: randomUUID(),
    ownerId: randomUUID(),
    venue: 'binance',
    sealed: Buffer.alloc(16_384, 1),
    currency: null,
    from: new Date(SAMPLE_HOUR),
    trading: false,
    ...change,
  };
  const text = 'select gateway.connect_account($1, $2, $3, $4, $5, $6, $7) as job';
  return (await gateway.query(text, Object.values(request))).rows[0].job;
}

async function jobRow(id: string): Promise<Record<string, unknown>> {
  const text = 'select * from pgboss.job where id = $1';
  return (await owner.query(text, [id])).rows[0];
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'nothing was refused';
  } catch (error) {
    return store.storeFailure(error).code;
  }
}

describe('accepts', () => {
  it("a synchronisation with the queue's own options, once", async () => {
    const job = await enqueueSync(account.accountId, SAMPLE_HOUR);
    expect(await enqueueSync(account.accountId, null)).toBe(job);
    expect(await jobRow(job)).toMatchObject({
      name: QUEUE,
      data: { accountId: account.accountId, hour: '2026-01-05T00:00:00.000Z' },
      priority: 10,
      singleton_key: account.accountId,
      policy: 'exclusive',
      retry_limit: 7,
      retry_delay: 5,
      retry_backoff: true,
      retry_delay_max: 90,
      expire_seconds: 120,
      deletion_seconds: 60,
      dead_letter: 'dead',
      heartbeat_seconds: 30,
    });
    const [claimed] = await boss.fetch(QUEUE);
    expect(claimed?.id).toBe(job);
    expect(await enqueueSync(account.accountId, null)).toBe(job);
    await boss.complete(QUEUE, job, { code: 'DONE', hours: 3 });
    const next = await enqueueSync(account.accountId, null);
    expect(next).not.toBe(job);
    await boss.deleteJob(QUEUE, next);
  });

  it('credentials of the largest size, which the worker finds, with a job', async () => {
    const accountId = randomUUID();
    const job = await connectAccount({ accountId, currency: 'EUR' });
    expect(await jobRow(job)).toMatchObject({ name: 'connect-account', data: { accountId } });
    const intake = await store.loadRow(worker.db, 'record.intake', accountId);
    expect(intake).toMatchObject({ reportingCurrency: 'EUR', historyFrom: SAMPLE_HOUR });
    await store.deleteIntake(worker.db, accountId);
    expect(await store.loadRow(worker.db, 'record.intake', accountId)).toBeNull();
  });

  it('everything pg-boss does, with the rights of the worker', async () => {
    await boss.updateQueue(QUEUE, { retryLimit: 0 });
    const id = await boss.send(QUEUE, { accountId: account.accountId }, { retryLimit: 0 });
    const [job] = await boss.fetch(QUEUE, { includeMetadata: true });
    if (job === undefined) throw new Error('a job');
    await boss.touch(QUEUE, job);
    await boss.fail(QUEUE, job, { code: 'VENUE_KEY_REJECTED' });
    const [dead] = await boss.fetch<{ accountId: string }>('dead', { includeMetadata: true });
    expect(dead).toMatchObject({
      data: { accountId: account.accountId },
      sourceId: id,
      sourceOutput: { code: 'VENUE_KEY_REJECTED' },
    });
    await boss.schedule('dead', '* * * * *', {}, { tz: 'UTC', missed: 'once' });
    await boss.supervise();
    // Long enough for two passes of the scheduler, which runs every second here.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await boss.unschedule('dead');
    expect(backgroundErrors).toEqual([]);
    expect((await boss.detectSchemaDrift()).ok).toBe(true);
    const operator = await owner.query(
      `select state, code from operator.job where name = $1 and id = $2`,
      [QUEUE, id],
    );
    expect(operator.rows).toEqual([{ state: 'failed', code: 'VENUE_KEY_REJECTED' }]);
  });
});

describe('refuses', () => {
  const now = Math.floor(Date.now() / 3_600_000) * 3_600_000;

  it.each([
    ['ACCOUNT_UNKNOWN', 'an account that is not there', () => enqueueSync(randomUUID(), null)],
    ['ARGUMENT_INVALID', 'half an hour', () => enqueueSync(account.accountId, SAMPLE_HOUR + 1)],
    ['ARGUMENT_INVALID', 'an hour that has not ended', () => enqueueSync(account.accountId, now)],
    ['VENUE_UNKNOWN', 'a venue without a queue', () => connectAccount({ venue: 'nowhere' })],
    ['ARGUMENT_INVALID', 'no owner', () => connectAccount({ ownerId: null })],
    ['ARGUMENT_INVALID', 'an empty envelope', () => connectAccount({ sealed: Buffer.alloc(0) })],
    [
      'ARGUMENT_INVALID',
      'an envelope above 16 KiB',
      () => connectAccount({ sealed: Buffer.alloc(16_385) }),
    ],
    ['ARGUMENT_INVALID', 'prose as a currency', () => connectAccount({ currency: 'US dollars' })],
    ['ARGUMENT_INVALID', 'a future', () => connectAccount({ from: new Date(now + 7_200_000) })],
    [
      'STORE_CONFLICT',
      'an account that is connected',
      () => connectAccount({ accountId: account.accountId }),
    ],
  ])('%s: %s', async (code, _name, attempt) => {
    expect(await codeOf(attempt())).toBe(code);
  });

  it('ACCOUNT_PAUSED: an account that waits for its owner', async () => {
    const paused = sampleAccount();
    await store.insertAccount(worker.db, paused);
    await store.setAccountState(worker.db, paused.accountId, 'paused', 'VENUE_KEY_REJECTED');
    expect(await codeOf(enqueueSync(paused.accountId, null))).toBe('ACCOUNT_PAUSED');
  });
});

describe('holds', () => {
  const MARKER = 'SecretMarker';
  const UNSAFE_PAYLOAD = { code: 'UNSAFE_PAYLOAD' };
  const UNSAFE_OUTPUT = { code: 'UNSAFE_OUTPUT' };

  it.each([
    [{ accountId: MARKER }],
    [{ accountId: randomUUID(), apiKey: MARKER }],
    [{ hour: `2026-01-05T00:00:00Z ${MARKER}` }],
    [{ kind: MARKER }],
    [{ v: MARKER }],
    [{ v: 1.5 }],
    [{ [MARKER]: 1 }],
    [[MARKER]],
  ])('a payload outside the vocabulary is rewritten: %j', async (data) => {
    const id = await boss.send('dead', data);
    expect((await jobRow(id ?? ''))['data']).toEqual(UNSAFE_PAYLOAD);
  });

  it('a payload inside the vocabulary stays', async () => {
    const data = { accountId: randomUUID(), hour: '2026-01-05T01:00:00.000Z', kind: 'slow', v: 2 };
    for (const payload of [data, {}, null]) {
      const id = await boss.send('dead', payload);
      expect((await jobRow(id ?? ''))['data']).toEqual(payload);
    }
  });

  it.each([
    [new Error(MARKER), UNSAFE_OUTPUT],
    [{ code: MARKER }, UNSAFE_OUTPUT],
    [{ code: 'DONE', message: MARKER }, UNSAFE_OUTPUT],
    [{ code: 'DONE', rows: MARKER }, UNSAFE_OUTPUT],
    [{ rows: -1 }, UNSAFE_OUTPUT],
    [{ value: { message: 'job timed out', more: 1 } }, { code: 'JOB_TIMED_OUT' }],
    [{ code: 'DONE', pages: 1, rows: 2, ms: 3, hours: 4, http: 429, retryAfter: 5 }, null],
  ])('an output outside the vocabulary is rewritten: %j', async (output, expected) => {
    const id = await boss.send('dead', {}, { priority: 99, retryLimit: 0 });
    const [job] = await boss.fetch('dead');
    expect(job?.id).toBe(id);
    await boss.fail('dead', id ?? '', output);
    expect((await jobRow(id ?? ''))['output']).toEqual(expected ?? output);
  });
});
