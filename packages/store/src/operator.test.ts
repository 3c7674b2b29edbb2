// What an operator does, through the functions of schema `operator` and with that role alone, on a
// queue that pg-boss itself keeps: each act once, in the record of acts, and inside the queue's own
// policy.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Code } from '@track-record/errors';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';
import { SAMPLE_HOUR, sampleAccount } from '../../testkit/src/postgres/sample-record.ts';
import * as store from './index.ts';
import * as operator from './operator.ts';

const QUEUE = 'sync-account.binance';
const DEAD = 'dead-letter';
const REASON = 'venue is back';
const OPTIONS = {
  policy: 'exclusive',
  retryLimit: 2,
  retryDelay: 3_600,
  expireInSeconds: 120,
  heartbeatSeconds: 30,
  retentionSeconds: 600,
  deleteAfterSeconds: 600,
  deadLetter: DEAD,
} as const;

let database: FreshDatabase;
let worker: store.Store;
let desk: store.Store;
let owner: pg.Client;
let boss: PgBoss;

beforeAll(async () => {
  database = await freshDatabase();
  worker = store.openStore(database.urlFor('enclave_worker'), { connectionsMax: 2 });
  desk = store.openStore(database.urlFor('operator'), { connectionsMax: 1 });
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  boss = new PgBoss({
    connectionString: database.urlFor('enclave_worker'),
    migrate: false,
    createSchema: false,
    supervise: false,
    schedule: false,
    registerInstance: false,
  });
  boss.on('error', () => undefined);
  await boss.start();
  await boss.createQueue(DEAD);
  await boss.createQueue(QUEUE, OPTIONS);
  await boss.createQueue('connect-account', OPTIONS);
  await boss.createQueue('reaggregate-account', OPTIONS);
});

afterAll(async () => {
  await boss.stop({ graceful: false });
  await Promise.all([owner.end(), worker.close(), desk.close()]);
  await database.drop();
});

async function newAccount(): Promise<string> {
  const account = sampleAccount();
  await store.insertAccount(worker.db, account);
  return account.accountId;
}

/** A job of the account that waits; higher priorities are fetched first. */
async function send(accountId: string, priority = 0): Promise<string> {
  const data = { accountId, hour: '2026-01-05T00:00:00Z' };
  const id = await boss.send(QUEUE, data, { singletonKey: accountId, priority });
  if (id === null) throw new Error('a job');
  return id;
}

/** A job that failed for good, and its dead letter. */
async function kill(accountId: string, code: Code): Promise<{ failed: string; dead: string }> {
  const failed = await send(accountId, 100);
  const [job] = await boss.fetch(QUEUE, { includeMetadata: true });
  if (job?.id !== failed) throw new Error('that job');
  await owner.query('update pgboss.job_common set retry_limit = 0 where id = $1', [failed]);
  await boss.fail(QUEUE, job, { code });
  const letters = await operator.listJobs(desk.db, { ...ANY, queue: DEAD, accountId });
  return { failed, dead: letters[0]?.id ?? '' };
}

const ANY = { queue: null, state: null, accountId: null, code: null, limit: 100 };

async function stateOf(id: string): Promise<string | undefined> {
  return (await operator.findJob(desk.db, id))?.state;
}

async function actionsOf(accountId: string): Promise<readonly (readonly [string, string])[]> {
  const actions = await operator.listActions(desk.db, { accountId }, 10);
  return actions.map(({ action, jobs }) => [action, jobs]);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing was refused',
    (error: unknown) => store.storeFailure(error).code,
  );
}

describe('accepts', () => {
  it('retry: a failed job runs again, without its dead letter, with its retention', async () => {
    const account = await newAccount();
    const { failed, dead } = await kill(account, 'VENUE_UNEXPECTED_SHAPE');
    expect(await operator.retryJob(desk.db, failed, REASON)).toBe(failed);
    expect(await stateOf(failed)).toBe('retry');
    expect(await stateOf(dead)).toBeUndefined();
    const kept = await owner.query(
      `select keep_until > now() + interval '590 seconds' as kept, start_after <= now() as due
       from pgboss.job_common where id = $1`,
      [failed],
    );
    expect(kept.rows).toEqual([{ kept: true, due: true }]);
    expect(await actionsOf(account)).toEqual([['retry', '1']]);
    await operator.cancelJob(desk.db, failed, REASON);
  });

  it('retry: of a key that has a job already, that one stands, nothing is doubled', async () => {
    const account = await newAccount();
    const { failed, dead } = await kill(account, 'VENUE_UNEXPECTED_SHAPE');
    const other = await send(account);
    expect(await operator.retryJob(desk.db, failed, REASON)).toBe(other);
    expect(await operator.retryJob(desk.db, dead, REASON)).toBe(other);
    expect(await stateOf(failed)).toBe('failed');
    expect(await stateOf(dead)).toBe('cancelled');
    await operator.cancelJob(desk.db, other, REASON);
  });

  it('retry: a job that waits for its next attempt has it now', async () => {
    const account = await newAccount();
    const id = await send(account, 100);
    const [job] = await boss.fetch(QUEUE, { includeMetadata: true });
    await boss.fail(QUEUE, job ?? id, { code: 'VENUE_UNAVAILABLE' });
    expect(await stateOf(id)).toBe('retry');
    expect(await operator.retryJob(desk.db, id, REASON)).toBe(id);
    const [again] = await boss.fetch(QUEUE, { includeMetadata: true });
    expect(again?.id).toBe(id);
    await boss.complete(QUEUE, id, {});
  });

  it('cancel: of a job that runs, whose worker then finds its claim lost', async () => {
    const account = await newAccount();
    const id = await send(account, 100);
    const [job] = await boss.fetch(QUEUE, { includeMetadata: true });
    expect(await operator.cancelJob(desk.db, id, REASON)).toBe('active');
    expect(await boss.touch(QUEUE, job ?? id)).toMatchObject({ affected: 0 });
    expect(await boss.complete(QUEUE, job ?? id, {})).toMatchObject({ affected: 0 });
    expect(await stateOf(id)).toBe('cancelled');
  });

  it('drain: holds one queue or all back, and lets them go', async () => {
    expect(await operator.drain(desk.db, QUEUE, true, REASON)).toBe('0');
    expect(await store.isHeld(worker.db, QUEUE)).toBe(true);
    expect(await store.isHeld(worker.db, 'connect-account')).toBe(false);
    await operator.drain(desk.db, null, true, REASON);
    const held = (await operator.queueDepths(desk.db)).filter((queue) => queue.held);
    expect(held.map(({ name }) => name)).toEqual(['connect-account', 'reaggregate-account', QUEUE]);
    await operator.drain(desk.db, null, false, REASON);
    expect(await store.isHeld(worker.db, QUEUE)).toBe(false);
  });

  it('redrive: the newest of each account, with the policy of its queue', async () => {
    const [twice, busy, paused] = [await newAccount(), await newAccount(), await newAccount()];
    const code = 'LEDGER_ENTRY_CONFLICT';
    const older = await kill(twice, code);
    const newer = await kill(twice, code);
    const beaten = await kill(busy, code);
    const other = await send(busy);
    const left = await kill(paused, code);
    await operator.pauseAccount(desk.db, paused, REASON);
    const filter = { queue: QUEUE, code, limit: 100 };
    expect(await operator.deadLetters(desk.db, filter)).toEqual([
      { queue: QUEUE, code, jobs: '4' },
    ]);
    expect(await operator.redrive(desk.db, filter, REASON)).toEqual({
      redriven: '1',
      superseded: '2',
      skipped: '1',
    });
    expect(await stateOf(newer.dead)).toBeUndefined();
    expect([
      await stateOf(older.dead),
      await stateOf(beaten.dead),
      await stateOf(left.dead),
    ]).toEqual(['cancelled', 'cancelled', 'created']);
    const [job] = await operator.listJobs(desk.db, { ...ANY, state: 'created', accountId: twice });
    const row = await owner.query(
      `select policy, singleton_key, retry_limit, dead_letter, heartbeat_seconds
       from pgboss.job_common where id = $1`,
      [job?.id],
    );
    expect(row.rows).toEqual([
      {
        policy: 'exclusive',
        singleton_key: twice,
        retry_limit: 2,
        dead_letter: DEAD,
        heartbeat_seconds: 30,
      },
    ]);
    for (const id of [job?.id ?? '', other]) await operator.cancelJob(desk.db, id, REASON);
  });

  it('pause and resume: waiting jobs end, and what is missing is due again', async () => {
    const account = await newAccount();
    const waiting = await send(account);
    const look = { venue: 'binance', queue: 'another' };
    const finalTo = SAMPLE_HOUR + 7_200_000;
    await store.dueAccounts(worker.db, { ...look, finalTo, finalForMs: 0, at: finalTo });
    expect(await store.newAccounts(worker.db, look)).toContain(account);
    expect(await operator.pauseAccount(desk.db, account, REASON)).toBe('1');
    expect(await stateOf(waiting)).toBe('cancelled');
    expect(await store.newAccounts(worker.db, look)).not.toContain(account);
    const filter = { accountId: account, venue: null, state: null, behind: true, limit: 1 };
    expect(await operator.listAccounts(desk.db, filter)).toMatchObject([
      { state: 'paused', code: 'ACCOUNT_PAUSED', hoursMissing: '2' },
    ]);
    const job = await operator.resumeAccount(desk.db, account, REASON);
    expect(await stateOf(job ?? '')).toBe('created');
    expect(await store.newAccounts(worker.db, look)).toContain(account);
    expect(await operator.resumeAccount(desk.db, account, REASON)).toBeNull();
    expect(await actionsOf(account)).toEqual([
      ['resume', '1'],
      ['pause', '1'],
    ]);
    await operator.cancelJob(desk.db, job ?? '', REASON);
  });
});

describe('accepts: an account whose hours are derived again', () => {
  it('one job for as long as it waits, and who asked; none for one that is stopped', async () => {
    const account = await newAccount();
    const job = await operator.reaggregateAccount(desk.db, account, REASON);
    expect(await operator.reaggregateAccount(desk.db, account, REASON)).toBe(job);
    expect(await stateOf(job)).toBe('created');
    expect(await actionsOf(account)).toEqual([
      ['reaggregate', '1'],
      ['reaggregate', '1'],
    ]);
    await operator.pauseAccount(desk.db, account, REASON);
    const refused = operator.reaggregateAccount(desk.db, account, REASON);
    await expect(refused).rejects.toMatchObject({ code: 'ACCOUNT_PAUSED' });
    const unknown = operator.reaggregateAccount(desk.db, crypto.randomUUID(), REASON);
    await expect(unknown).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
  });
});

describe('refuses', () => {
  it.each([
    ['ARGUMENT_INVALID', 'no reason', ''],
    ['ARGUMENT_INVALID', 'a key in the place of a reason', 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zv'],
    ['ARGUMENT_INVALID', 'a token of digits', 'token 123456789012345678901234'],
    ['ARGUMENT_INVALID', 'a line of its own', 'one\ntwo'],
    ['ARGUMENT_INVALID', 'a page', 'word '.repeat(20)],
  ])('%s: %s, and nothing happens', async (code, _name, reason) => {
    const account = await newAccount();
    expect(await codeOf(operator.pauseAccount(desk.db, account, reason))).toBe(code);
    expect(await actionsOf(account)).toEqual([]);
    const filter = { accountId: account, venue: null, state: null, behind: false, limit: 1 };
    expect(await operator.listAccounts(desk.db, filter)).toMatchObject([{ state: 'active' }]);
  });

  it.each([
    [
      'JOB_UNKNOWN',
      'a job that is not there',
      () => operator.retryJob(desk.db, randomUUID(), REASON),
    ],
    ['ACCOUNT_UNKNOWN', 'no account', () => operator.pauseAccount(desk.db, randomUUID(), REASON)],
    ['ACCOUNT_UNKNOWN', 'none', () => operator.resumeAccount(desk.db, randomUUID(), REASON)],
    ['ARGUMENT_INVALID', 'no queue', () => operator.drain(desk.db, 'nowhere', true, REASON)],
    [
      'ARGUMENT_INVALID',
      'more than there can be',
      () => operator.redrive(desk.db, { queue: null, code: null, limit: 10_001 }, REASON),
    ],
  ])('%s: %s', async (code, _name, act) => {
    expect(await codeOf(act())).toBe(code);
  });

  it('a job that is done, one of a stopped account, and an account that is closed', async () => {
    const account = await newAccount();
    const { failed } = await kill(account, 'VENUE_KEY_REJECTED');
    await operator.pauseAccount(desk.db, account, REASON);
    expect(await codeOf(operator.pauseAccount(desk.db, account, REASON))).toBe('ACCOUNT_PAUSED');
    expect(await codeOf(operator.retryJob(desk.db, failed, REASON))).toBe('ACCOUNT_PAUSED');
    await owner.query(`update record.account set state = 'closed' where account_id = $1`, [
      account,
    ]);
    expect(await codeOf(operator.resumeAccount(desk.db, account, REASON))).toBe('KEY_UNKNOWN');
    const done = await send(await newAccount(), 100);
    await boss.fetch(QUEUE);
    await boss.complete(QUEUE, done, {});
    expect(await codeOf(operator.retryJob(desk.db, done, REASON))).toBe('JOB_UNKNOWN');
    expect(await codeOf(operator.cancelJob(desk.db, done, REASON))).toBe('JOB_UNKNOWN');
  });
});

describe('holds', () => {
  it('who acted, though the function runs as the owner; and nobody changes it', async () => {
    const account = await newAccount();
    await operator.pauseAccount(desk.db, account, REASON);
    const [action] = await operator.listActions(desk.db, { accountId: account }, 1);
    const login = new URL(database.urlFor('operator')).username;
    expect(action).toMatchObject({ actor: login, action: 'pause', reason: REASON });
    const attempts = ['delete from', 'truncate', 'update'].map((verb) =>
      verb === 'update'
        ? `update record.operator_action set reason = 'none'`
        : `${verb} record.operator_action`,
    );
    for (const text of attempts) {
      await expect(owner.query(text)).rejects.toMatchObject({ code: '23001' });
    }
  });

  it('R42 what was decided stays: a late failure neither stops nor opens an account', async () => {
    const account = await newAccount();
    await owner.query(`update record.account set state = 'closed' where account_id = $1`, [
      account,
    ]);
    await store.setAccountState(worker.db, account, 'quarantined', 'STORE_ROW_UNTRUSTED');
    const row = await store.loadRow(worker.db, 'record.account', account);
    expect(row).toMatchObject({ state: 'closed', stateCode: null });
  });
});
