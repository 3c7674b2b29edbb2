// The functions over accounts, sealed rows and the published record, on a real database as the
// worker's role.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';
import {
  SAMPLE_HOUR,
  sampleAccount,
  sampleReturn,
  sampleStatements,
} from '../../testkit/src/postgres/sample-record.ts';
import * as store from './index.ts';
import { headOf, hourPages, statementPages } from './released.ts';

const HOUR_MS = 3_600_000;
const YEAR_10000_MS = 253_402_300_800_000;
const STATUS = {
  lastHour: null,
  code: null,
  codeAt: null,
  hoursMissing: 0,
  syncing: false,
  updatedAt: SAMPLE_HOUR,
};

let database: FreshDatabase;
let worker: store.Store;

beforeAll(async () => {
  database = await freshDatabase();
  worker = store.openStore(database.urlFor('enclave_worker'), { connectionsMax: 4 });
});

afterAll(async () => {
  await worker.close();
  await database.drop();
});

async function newAccount(change: Partial<store.NewAccount> = {}): Promise<store.NewAccount> {
  const account = sampleAccount(change);
  expect(await store.insertAccount(worker.db, account)).toBe(true);
  return account;
}

/** What a job found out, in as many segments as there are statements up to two. */
function save(
  accountId: string,
  version: number,
  statements: readonly store.StatementRow[] = [],
  settling = sql`select 1`,
) {
  const envelope = Buffer.from('sealed');
  const ends = statements.slice(0, 2).map(({ sequence }) => sequence + 1);
  const segments = ends.map((at) => ({ firstSequence: at, lastSequence: at }));
  const findings = {
    state: { accountId, version, keyId: 'k1', envelope },
    segments: segments.map((range) => ({ accountId, ...range, keyId: 'k1', envelope })),
    statements,
    status: { ...STATUS, accountId },
  };
  return store.saveFindings(worker.db, findings, settling);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'nothing was refused';
  } catch (error) {
    return store.storeFailure(error).code;
  }
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('accepts', () => {
  it('an account, with instants to the millisecond', async () => {
    const account = await newAccount({ connectedAt: SAMPLE_HOUR + 123 });
    expect(await store.loadRow(worker.db, 'record.account', account.accountId)).toEqual({
      ...account,
      state: 'active',
      stateCode: null,
    });
    await store.setAccountState(worker.db, account.accountId, 'paused', 'VENUE_KEY_REJECTED');
    expect(await store.loadRow(worker.db, 'record.account', account.accountId)).toMatchObject({
      state: 'paused',
      stateCode: 'VENUE_KEY_REJECTED',
    });
    expect(await store.loadRow(worker.db, 'record.account', randomUUID())).toBeNull();
  });

  it('keys, credentials and segments, byte for byte', async () => {
    const { accountId } = await newAccount();
    const envelope = Buffer.from([0, 255, 92, 39, 10]);
    expect(await store.loadRow(worker.db, 'record.account_key', accountId)).toBeNull();
    const accountKey = { accountId, keyId: 'k0', envelope };
    await store.insertRows(worker.db, 'record.account_key', [accountKey]);
    expect(await store.loadRow(worker.db, 'record.account_key', accountId)).toEqual(accountKey);
    for (const field of ['secret', 'apiKey']) {
      const credential = { accountId, field, keyId: 'k1', envelope };
      await store.insertRows(worker.db, 'record.credential', [credential]);
    }
    expect(await store.loadSealedAccount(worker.db, accountId)).toEqual({
      connected: 1,
      ended: 0,
      ordinal: 1,
      restarts: 0,
      ...(await store.loadRow(worker.db, 'record.account', accountId)),
      root: envelope,
      version: null,
      envelope: null,
      head: null,
      fields: ['apiKey', 'secret'],
      envelopes: [envelope, envelope],
    });
    expect(await store.loadSealedAccount(worker.db, randomUUID())).toBe(null);
    const segments = [
      { accountId, firstSequence: 1, lastSequence: 5, keyId: 'k1', envelope },
      { accountId, firstSequence: 6, lastSequence: 6, keyId: 'k1', envelope },
    ];
    await store.insertRows(worker.db, 'record.sealed_segment', segments);
    expect(await store.loadSegments(worker.db, accountId)).toEqual(segments);
  });

  it('statements and hours in bulk, with the digits they were signed with', async () => {
    const { accountId } = await newAccount();
    const statements = sampleStatements(accountId, 2_500);
    const written = await save(accountId, 1, statements);
    expect(written).toEqual(statements.map(({ body, signature }) => ({ body, signature })));
    await store.insertRows(worker.db, 'record.hourly_return', statements.map(sampleReturn));
    expect(await collect(store.loadStatements(worker.db, accountId))).toEqual(statements);
    const [from, to] = [SAMPLE_HOUR + HOUR_MS, SAMPLE_HOUR + 3 * HOUR_MS];
    const between = await collect(store.loadStatements(worker.db, accountId, from, to));
    expect(between).toEqual(statements.slice(1, 3));
    const head = statements.length - 1;
    const all = { accountId, fromMs: 0, toMs: YEAR_10000_MS, fromSequence: 0, head };
    const hours = (await collect(hourPages(worker.db, all))).flat();
    expect(hours).toEqual(statements.map((each) => ({ ...sampleReturn(each), hash: each.hash })));
    const window = { ...all, fromMs: from, toMs: to };
    expect(await collect(hourPages(worker.db, window))).toEqual([hours.slice(1, 3)]);
    const signed = statements.map(({ sequence, body, signature }) => ({
      sequence,
      body,
      signature,
    }));
    expect((await collect(statementPages(worker.db, all))).flat()).toEqual(signed);
    const some = { ...all, fromSequence: 7, head: 9 };
    expect(await collect(statementPages(worker.db, some))).toEqual([signed.slice(7, 10)]);
    expect(await store.loadSealedAccount(worker.db, accountId)).toMatchObject({
      version: 1,
      head: statements.at(-1)?.hash,
    });
  });

  it('a restatement, which the hour then shows', async () => {
    const { accountId } = await newAccount();
    const [first, second] = sampleStatements(accountId, 2);
    if (first === undefined || second === undefined) throw new Error('two samples');
    const correction = { ...second, hour: first.hour, restates: first.hash };
    await store.insertRows(worker.db, 'record.statement', [first, correction]);
    const unpriced = { status: 'unpriced', reason: 'no_price', return: null, coverage: null };
    await store.insertRows(worker.db, 'record.hourly_return', [
      sampleReturn(first),
      { ...sampleReturn(correction), ...unpriced },
    ]);
    const window = { accountId, fromMs: 0, toMs: YEAR_10000_MS, fromSequence: 0 };
    const hoursAt = (head: number) => collect(hourPages(worker.db, { ...window, head }));
    const restated = { ...sampleReturn(correction), ...unpriced, hash: correction.hash };
    expect(await hoursAt(correction.sequence)).toEqual([[restated]]);
    // Whoever began to read before goes on as it was then.
    expect(await hoursAt(first.sequence)).toEqual([[{ ...sampleReturn(first), hash: first.hash }]]);
  });

  it('a status that is replaced, and the accounts that are due by it', async () => {
    const venue = 'due-venue';
    const [behind, ahead, fresh, paused] = [
      await newAccount({ venue }),
      await newAccount({ venue }),
      await newAccount({ venue }),
      await newAccount({ venue }),
    ];
    await store.setAccountState(worker.db, paused.accountId, 'paused', null);
    for (const [account, hours] of [[behind, 1] as const, [ahead, 3] as const]) {
      const lastHour = SAMPLE_HOUR + hours * HOUR_MS;
      const status = { ...STATUS, accountId: account.accountId, lastHour };
      await store.saveStatus(worker.db, { ...status, code: 'VENUE_UNAVAILABLE', codeAt: 5 });
      await store.saveStatus(worker.db, status);
      expect(await store.loadRow(worker.db, 'record.account_status', account.accountId)).toEqual(
        status,
      );
    }
    const finalTo = SAMPLE_HOUR + 4 * HOUR_MS;
    const look = { venue, queue: 'q', finalTo, finalForMs: HOUR_MS, at: finalTo + HOUR_MS };
    const due = await store.dueAccounts(worker.db, look);
    expect(due).toEqual([behind.accountId]);
    expect(await store.newAccounts(worker.db, look)).toEqual([fresh.accountId]);
    const [status] = await store.accountStatuses(worker.db, [behind.ownerId]);
    expect(status).toMatchObject({ hoursMissing: 2 });
  });

  it('R39 accounts by their moments in the hour: the same ones at the same slot', async () => {
    const venue = 'spread-venue';
    for (let count = 0; count < 64; count += 1) {
      const { accountId } = await newAccount({ venue });
      await store.saveStatus(worker.db, { ...STATUS, accountId, lastHour: SAMPLE_HOUR });
    }
    const dueAfter = async (minutes: number, hours = 0): Promise<readonly string[]> => {
      const finalTo = SAMPLE_HOUR + (2 + hours) * HOUR_MS;
      const finalForMs = minutes * 60_000;
      const at = finalTo + finalForMs;
      return store.dueAccounts(worker.db, { venue, queue: 'q', finalTo, finalForMs, at });
    };
    const slots: (readonly string[])[] = [];
    for (let minutes = 0; minutes <= 8; minutes += 1) slots.push(await dueAfter(minutes));
    expect(slots[8]).toHaveLength(64);
    const perMinute = slots.map((due, index) => due.length - (slots[index - 1]?.length ?? 0));
    // Of 64 in eight minutes: a herd would be all of them in one.
    expect(Math.max(...perMinute)).toBeLessThan(20);
    expect((await dueAfter(3)).toSorted()).toEqual([...(slots[3] ?? [])].toSorted());
    // Who lacks an hour from before is due at once.
    expect(await dueAfter(0, 1)).toHaveLength(64);
  });

  it("an owner's own accounts only", async () => {
    const account = await newAccount();
    await store.saveStatus(worker.db, { ...STATUS, accountId: account.accountId, syncing: true });
    const mine = await store.accountStatuses(worker.db, [account.ownerId]);
    expect(mine).toEqual([
      {
        accountId: account.accountId,
        ownerId: account.ownerId,
        state: 'active',
        lastHour: null,
        hoursMissing: 0,
        code: null,
        syncing: true,
        hoursDue: null,
        coverage: null,
        queuePosition: null,
      },
    ]);
    expect(await store.accountStatuses(worker.db, [randomUUID()])).toEqual([]);
    const { accountId, ownerId } = account;
    expect(await headOf(worker.db, ownerId, accountId)).toBe(-1);
    expect(await headOf(worker.db, null, accountId)).toBe(-1);
    expect(await headOf(worker.db, randomUUID(), accountId)).toBeNull();
  });
});

describe('refuses', () => {
  const STATE = { keyId: 'k1', envelope: Buffer.from('sealed') };

  it('a second record of one venue account, and a second account of one id', async () => {
    const account = await newAccount();
    const twin = sampleAccount({ venueAccountHash: account.venueAccountHash });
    expect(await store.insertAccount(worker.db, twin)).toBe(false);
    const again = sampleAccount({ accountId: account.accountId });
    expect(await store.insertAccount(worker.db, again)).toBe(false);
  });

  it.each([
    ['the first version again', 1],
    ['a version that is stored already', 2],
    ['a version that skips one', 4],
  ])('STORE_CONFLICT: state, %s', async (_name, version) => {
    const { accountId } = await newAccount();
    const [first, second, third] = sampleStatements(accountId, 3).map((each) => [each]);
    await save(accountId, 1, first);
    await save(accountId, 2, second);
    expect(await codeOf(save(accountId, version, third))).toBe('STORE_CONFLICT');
    expect(await store.loadSealedAccount(worker.db, accountId)).toMatchObject({
      version: 2,
      head: second?.[0]?.hash,
    });
  });

  it.each([1, 2_500])('JOB_CLAIM_LOST: %s statements, and nothing of them stays', async (count) => {
    const { accountId } = await newAccount();
    const work = save(accountId, 1, sampleStatements(accountId, count), sql`select where false`);
    expect(await codeOf(work)).toBe('JOB_CLAIM_LOST');
    expect(await collect(store.loadStatements(worker.db, accountId))).toEqual([]);
    const account = await store.loadSealedAccount(worker.db, accountId);
    expect(account).toMatchObject({ version: null, head: null });
  });

  it('STORE_CONFLICT: an hour stated twice, a fork, an overlap, a second sentinel', async () => {
    const { accountId } = await newAccount();
    const [first, second] = sampleStatements(accountId, 2);
    if (first === undefined || second === undefined) throw new Error('two samples');
    await store.insertRows(worker.db, 'record.statement', [first]);
    const hash = Buffer.alloc(32, 7);
    const attempts = [
      store.insertRows(worker.db, 'record.statement', [{ ...second, hour: first.hour }]),
      store.insertRows(worker.db, 'record.statement', [
        { ...second, sequence: 5, hash, previous: null },
      ]),
    ];
    const segment = { accountId, firstSequence: 1, lastSequence: 5, ...STATE };
    await store.insertRows(worker.db, 'record.sealed_segment', [segment]);
    attempts.push(
      store.insertRows(worker.db, 'record.sealed_segment', [{ ...segment, lastSequence: 3 }]),
    );
    await store.insertRows(worker.db, 'record.sentinel', [STATE]);
    attempts.push(store.insertRows(worker.db, 'record.sentinel', [{ ...STATE, keyId: 'k2' }]));
    for (const attempt of attempts) expect(await codeOf(attempt)).toBe('STORE_CONFLICT');
    expect(await store.loadSentinel(worker.db)).toEqual(STATE);
  });

  it.each([
    ['a statement that skips a number', { sequence: 5 }],
    ['a statement that names another hash', { previous: Buffer.alloc(32, 9) }],
    ['a correction of nothing', { restates: Buffer.alloc(32, 9) }],
    ['an hour that is none', { hour: SAMPLE_HOUR + 1 }],
  ])('as a bug: %s', async (_name, change) => {
    const { accountId } = await newAccount();
    const [first, second] = sampleStatements(accountId, 2);
    if (first === undefined || second === undefined) throw new Error('two samples');
    await store.insertRows(worker.db, 'record.statement', [first]);
    const work = store.insertRows(worker.db, 'record.statement', [{ ...second, ...change }]);
    await expect(codeOf(work)).rejects.toMatchObject({ code: expect.stringMatching(/^23/) });
  });

  it('as a bug: a gap between segments', async () => {
    const { accountId } = await newAccount();
    const segment = { accountId, firstSequence: 2, lastSequence: 5, ...STATE };
    await expect(
      codeOf(store.insertRows(worker.db, 'record.sealed_segment', [segment])),
    ).rejects.toMatchObject({
      code: '23503',
    });
  });

  it('STORE_UNAVAILABLE: a server that is not there', async () => {
    const nowhere = store.openStore('postgres://nobody@127.0.0.1:1/none', { connectionsMax: 1 });
    expect(await codeOf(store.loadSentinel(nowhere.db))).toBe('STORE_UNAVAILABLE');
    await nowhere.close();
  });
});

describe('holds', () => {
  it('one writer of an account at a time', async () => {
    const { accountId } = await newAccount();
    const order: string[] = [];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let locked: () => void = () => undefined;
    const isLocked = new Promise<void>((resolve) => (locked = resolve));
    const first = worker.db.transaction().execute(async (trx) => {
      await store.lockAccount(trx, accountId);
      locked();
      await held;
      order.push('first');
    });
    await isLocked;
    const second = worker.db.transaction().execute(async (trx) => {
      await store.lockAccount(trx, accountId);
      order.push('second');
    });
    release();
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  it('R51 instants-have-no-session-zone: they and numbers read alike in any', async () => {
    const account = await newAccount();
    const url = new URL(database.url);
    url.searchParams.set('options', '-c TimeZone=Pacific/Kiritimati');
    const elsewhere = store.openStore(url.href, { connectionsMax: 1, role: 'enclave_worker' });
    expect(await store.loadRow(elsewhere.db, 'record.account', account.accountId)).toMatchObject(
      account,
    );
    await elsewhere.close();
  });
});
