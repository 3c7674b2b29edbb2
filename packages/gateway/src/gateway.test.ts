// The kit as a gateway runs it: against a migrated database, logged in with the role `gateway` and
// no other.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { buildImportGraph, reachableFrom } from '../../testkit/src/house/import-graph.ts';
import { readManifests } from '../../testkit/src/house/manifests.ts';
import { readRepository, repositoryRoot } from '../../testkit/src/house/repository.ts';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/index.ts';
import { createGateway, type ConnectAccountRequest, type Gateway } from './gateway.ts';
import type { CallerTransaction } from './query.ts';

const OWNER = '00000000-0000-4000-8000-000000000001';
const ACCOUNT = '00000000-0000-4000-8000-0000000000a1';
const REFUSED = '00000000-0000-4000-8000-0000000000a2';
const START_MS = Date.UTC(2026, 0, 5);
const HOUR_MS = 3_600_000;
/** More than a page of either kind. */
const HOURS = 1203;
const whole = { fromMs: 0, toMs: Date.UTC(2100, 0, 1) };

let database: FreshDatabase;
let admin: pg.Pool;
let pool: pg.Pool;
let gateway: Gateway;
let handedIn = 0xb0;

beforeAll(async () => {
  database = await freshDatabase();
  admin = new pg.Pool({ connectionString: database.url });
  pool = new pg.Pool({ connectionString: database.urlFor('gateway') });
  gateway = createGateway({ databaseUrl: database.urlFor('gateway') });
  await fill();
});

afterAll(async () => {
  await Promise.all([gateway.close(), admin.end(), pool.end()]);
  await database.drop();
});

/**
 * One account with a record, one that was refused at its connection, and the queues of a worker.
 */
async function fill(): Promise<void> {
  await admin.query(
    `insert into pgboss.queue (name, policy, retry_limit, retry_delay, retry_backoff,
       expire_seconds, retention_seconds, deletion_seconds, partition, table_name)
     select name, 'exclusive', 8, 5, true, 1800, 7200, 21600, false, 'job_common'
     from unnest(array['connect-account', 'sync-account.binance']) name
     on conflict do nothing`,
  );
  await admin.query(
    `insert into record.account (account_id, owner_id, venue, reporting_currency, history_from,
       connected_at, allow_trading_key, venue_account_hash, state)
     values ($1, $2, 'binance', 'USDT', to_timestamp($3), now(), false, repeat('a', 64), 'active')`,
    [ACCOUNT, OWNER, START_MS / 1000],
  );
  await admin.query(
    `insert into record.statement (account_id, sequence, hour, body, hash, previous,
       signature, key_id)
     select $1, n, to_timestamp($2) + n * interval '1 hour', 'body', sha256(n::text::bytea),
       case when n > 0 then sha256((n - 1)::text::bytea) end, 'signature', 'key'
     from generate_series(0, $3 - 1) n`,
    [ACCOUNT, START_MS / 1000, HOURS],
  );
  await admin.query(
    `insert into record.hourly_return (account_id, hour, sequence, status, reason, return, coverage,
       provenance)
     select account_id, hour, sequence,
       case when sequence = 1 then 'no_capital' else 'measured' end,
       case when sequence = 1 then 'no_capital' end,
       case when sequence = 1 then null else 0.000123456789012345 end, 1, 'observed'
     from record.statement`,
  );
  await admin.query(
    `insert into record.account_status (account_id, last_hour, code, hours_missing, syncing,
       updated_at)
     values ($1, to_timestamp($2), null, 2, true, now()),
       ($3, null, 'VENUE_KEY_REJECTED', 0, false, now())`,
    [ACCOUNT, START_MS / 1000 + 3600, REFUSED],
  );
}

function request(changes: Partial<ConnectAccountRequest> = {}): ConnectAccountRequest {
  handedIn += 1;
  return {
    accountId: `00000000-0000-4000-8000-0000000000${handedIn.toString(16)}`,
    ownerId: OWNER,
    venue: 'binance',
    sealedCredentials: Buffer.from('sealed'),
    historyFrom: START_MS,
    ...changes,
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A pool of the test's own. */
function poolThat(connect: () => Promise<unknown>): pg.Pool {
  return Object.assign(Object.create(pg.Pool.prototype), { connect });
}

async function codeOfFailure(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof RecordError ? error.code : String(error)),
  );
}

describe('accepts', () => {
  it('an account with sealed credentials, which then is connecting', async () => {
    const connect = request({ reportingCurrency: 'EUR', allowTradingKey: true });
    const job = await gateway.connectAccount(connect);
    const { rows } = await admin.query(
      `select job.data, intake.* from pgboss.job join record.intake
       on account_id::text = singleton_key where id = $1`,
      [job],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      data: { accountId: connect.accountId },
      owner_id: OWNER,
      sealed: Buffer.from('sealed'),
      reporting_currency: 'EUR',
      history_from: new Date(START_MS),
      allow_trading_key: true,
    });
    expect(await gateway.status(connect.accountId)).toMatchObject({ state: 'connecting' });
  });

  it('a request for a synchronisation, once however often it is made', async () => {
    const job = await gateway.enqueueSync(ACCOUNT, START_MS);
    expect(await gateway.enqueueSync(ACCOUNT)).toBe(job);
    const { rows } = await admin.query('select data from pgboss.job where id = $1', [job]);
    expect(rows).toEqual([{ data: { accountId: ACCOUNT, hour: '2026-01-05T00:00:00.000Z' } }]);
  });

  it('a request for what is missing, which waits behind what people wait for', async () => {
    await admin.query('delete from pgboss.job_common');
    const job = await gateway.enqueueBackfill(ACCOUNT);
    const read = async (): Promise<unknown> =>
      (await admin.query('select priority from pgboss.job where id = $1', [job])).rows[0];
    expect(await read()).toEqual({ priority: 0 });
    expect(await gateway.enqueueSync(ACCOUNT)).toBe(job);
    expect(await read()).toEqual({ priority: 10 });
    expect(await gateway.enqueueBackfill(ACCOUNT)).toBe(job);
    expect(await read()).toEqual({ priority: 10 });
  });

  it('questions for status, hours and statements', async () => {
    expect(await gateway.status(ACCOUNT)).toEqual({
      accountId: ACCOUNT,
      state: 'active',
      lastHourMs: START_MS + HOUR_MS,
      hoursMissing: 2,
      code: null,
      syncing: true,
      coverage: '1',
      queuePosition: 0,
      backfill: null,
    });
    expect(await gateway.status(REFUSED)).toMatchObject({
      state: 'refused',
      code: 'VENUE_KEY_REJECTED',
    });
    expect(await gateway.status(OWNER)).toBeNull();
    const window = { fromMs: START_MS + HOUR_MS, toMs: START_MS + 3 * HOUR_MS };
    const hours = await collect(gateway.hourlyReturns(ACCOUNT, window));
    expect(hours).toMatchObject([
      { hourMs: window.fromMs, status: 'no_capital', reason: 'no_capital', hourlyReturn: null },
      { sequence: 2, status: 'measured', hourlyReturn: '0.000123456789012345', coverage: '1' },
    ]);
    const statements = await collect(gateway.statements(ACCOUNT, window));
    expect(statements.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(statements.map(({ hash }) => hash)).toEqual(hours.map((hour) => hour.statementHash));
  });
});

describe('refuses', () => {
  const rows: readonly [string, string, (kit: Gateway) => Promise<unknown>][] = [
    ['an account id of another form', 'ARGUMENT_INVALID', (kit) => kit.status('a1')],
    ['half an hour', 'ARGUMENT_INVALID', (kit) => kit.enqueueSync(ACCOUNT, START_MS + 1_800_000)],
    ['a fraction of a millisecond', 'ARGUMENT_INVALID', (kit) => kit.enqueueSync(ACCOUNT, 0.5)],
    ['a time beyond the year 9999', 'ARGUMENT_INVALID', (kit) => kit.enqueueSync(ACCOUNT, 1e15)],
    [
      'an envelope larger than the intake takes',
      'ARGUMENT_INVALID',
      (kit) => kit.connectAccount(request({ sealedCredentials: Buffer.alloc(20_000) })),
    ],
    [
      'a window that is no number',
      'ARGUMENT_INVALID',
      (kit) => collect(kit.statements(ACCOUNT, { fromMs: Number.NaN, toMs: 1 })),
    ],
    ['an unknown account', 'ACCOUNT_UNKNOWN', (kit) => kit.enqueueSync(OWNER)],
    ['an unknown account to backfill', 'ACCOUNT_UNKNOWN', (kit) => kit.enqueueBackfill(OWNER)],
    ['an unknown account to end', 'ACCOUNT_UNKNOWN', (kit) => kit.disconnectAccount(OWNER)],
    [
      'credentials for an unknown account',
      'ACCOUNT_UNKNOWN',
      (kit) => kit.rotateCredentials(OWNER, Buffer.from('sealed')),
    ],
    [
      'no credentials in place of others',
      'ARGUMENT_INVALID',
      (kit) => kit.rotateCredentials(ACCOUNT, Buffer.alloc(0)),
    ],
    [
      'credentials for an account whose keys are gone',
      'KEY_UNKNOWN',
      (kit) => kit.rotateCredentials(ACCOUNT, Buffer.from('sealed')),
    ],
    [
      'an unknown venue',
      'VENUE_UNKNOWN',
      (kit) => kit.connectAccount(request({ venue: 'no-venue' })),
    ],
    [
      'an account that is connected already',
      'STORE_CONFLICT',
      (kit) => kit.connectAccount(request({ accountId: ACCOUNT })),
    ],
  ];
  it.each(rows)('%s: %s', async (_name, code, ask) => {
    expect(await codeOfFailure(ask(gateway))).toBe(code);
  });

  it('to reach a database that is not there: STORE_UNAVAILABLE', async () => {
    const away = new URL(database.urlFor('gateway'));
    away.port = '1';
    const kit = createGateway({ databaseUrl: away.href });
    expect(await codeOfFailure(kit.status(ACCOUNT))).toBe('STORE_UNAVAILABLE');
    await kit.close();
  });

  it('a row of another form than the view promises: STORE_ROW_UNTRUSTED', async () => {
    const row = { account_id: ACCOUNT, state: 'lost', code: null, last_hour_ms: null };
    const client = { query: () => Promise.resolve({ rows: [row] }), release: () => undefined };
    const kit = createGateway({ pool: poolThat(async () => client) });
    expect(await codeOfFailure(kit.status(ACCOUNT))).toBe('STORE_ROW_UNTRUSTED');
  });
});

describe('holds', () => {
  it('a lost server is asked again, but credentials are handed in once', async () => {
    let lost = 0;
    const failing = poolThat(async () => {
      lost += 1;
      if (lost < 3) throw Object.assign(new Error(), { code: 'ECONNRESET' });
      return await pool.connect();
    });
    const kit = createGateway({ pool: failing });
    expect(await kit.status(ACCOUNT)).toMatchObject({ state: 'active' });
    expect(lost).toBe(3);
    lost = 0;
    expect(await codeOfFailure(kit.connectAccount(request()))).toBe('STORE_UNAVAILABLE');
    expect(await codeOfFailure(kit.rotateCredentials(ACCOUNT, Buffer.alloc(1)))).toBe(
      'STORE_UNAVAILABLE',
    );
    expect(lost).toBe(2);
  });

  it('a call ends with its caller, or with its deadline, and its connection with it', async () => {
    const kit = createGateway({ databaseUrl: database.urlFor('gateway'), deadlineMs: 300 });
    const client = await admin.connect();
    await client.query('begin; lock table record.account');
    const leaving = new AbortController();
    const asked = gateway.status(ACCOUNT, { signal: leaving.signal });
    leaving.abort(new Error('left'));
    await expect(asked).rejects.toThrow('left');
    await expect(gateway.status(ACCOUNT, { signal: leaving.signal })).rejects.toThrow('left');
    expect(await codeOfFailure(kit.enqueueSync(ACCOUNT))).toBe('STORE_UNAVAILABLE');
    await client.query('rollback');
    client.release();
    expect(await kit.status(ACCOUNT)).toMatchObject({ state: 'active' });
    await kit.close();
  });

  it('every hour and statement comes once and in order, over all pages', async () => {
    const hours = await collect(gateway.hourlyReturns(ACCOUNT, whole));
    const expected = Array.from({ length: HOURS }, (_, index) => START_MS + index * HOUR_MS);
    expect(hours.map((hour) => hour.hourMs)).toEqual(expected);
    const statements = await collect(gateway.statements(ACCOUNT, whole));
    expect(statements.map((statement) => statement.hourMs)).toEqual(expected);
  });

  it('what is asked within a transaction vanishes with it, and commits with it', async () => {
    for (const [end, expected] of [
      ['rollback', null],
      ['commit', 'connecting'],
    ] as const) {
      const connect = request();
      const client = await pool.connect();
      await client.query('begin');
      const within = { query: (text: string, values: unknown[]) => client.query(text, values) };
      await gateway.connectAccount(connect, { within });
      await client.query(end);
      client.release();
      expect((await gateway.status(connect.accountId))?.state ?? null).toBe(expected);
    }
    const db = new Kysely<object>({ dialect: new PostgresDialect({ pool }) });
    const connect = request();
    const inside = db.transaction().execute(async (transaction) => {
      const within: CallerTransaction = transaction;
      await gateway.connectAccount(connect, { within });
      throw new Error('changed its mind');
    });
    await expect(inside).rejects.toThrow('changed its mind');
    expect(await gateway.status(connect.accountId)).toBeNull();
  });

  it('no code of a route, a venue, the store or the worker is reachable from the kit', () => {
    const { sources, generated, texts } = readRepository(repositoryRoot);
    const graph = buildImportGraph([...sources, ...generated], readManifests(texts));
    const reached = [...reachableFrom(graph, ['packages/gateway/src/index.ts'])];
    expect(reached).toContain('packages/rpc/src/client.ts');
    const rooms = new Set(reached.map((file) => file.split('/').slice(0, 2).join('/')));
    expect([...rooms].toSorted()).toEqual([
      'packages/attestation',
      'packages/errors',
      'packages/gateway',
      'packages/ledger',
      'packages/rpc',
      'packages/sealing',
      'packages/statement',
    ]);
    expect(reached).not.toContain('packages/rpc/src/server.ts');
  });
});
