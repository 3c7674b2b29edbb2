// What each role may do, found out by trying it as a login user that has the role and nothing else;
// and what nobody may do, the owner of the tables included.

import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';
import {
  sampleAccount,
  sampleReturn,
  sampleStatements,
} from '../../testkit/src/postgres/sample-record.ts';
import { tables } from './generated/tables.ts';
import * as store from './index.ts';

const DENIED = '42501';
const APPEND_ONLY = '23001';
const KEPT = ['sealed_segment', 'statement', 'hourly_return'];

const MIGRATIONS = globSync(
  fileURLToPath(new URL('../../../migrations/*.sql', import.meta.url)),
).length;

let database: FreshDatabase;
const clients = new Map<string, pg.Client>();

beforeAll(async () => {
  database = await freshDatabase();
  for (const role of store.roleNames) await connect(role, database.urlFor(role));
  await connect('owner', database.url);
  const worker = store.openStore(database.urlFor('enclave_worker'), { connectionsMax: 1 });
  const account = sampleAccount();
  await store.insertAccount(worker.db, account);
  const statements = sampleStatements(account.accountId, 2);
  await store.insertRows(worker.db, 'record.statement', statements);
  await store.insertRows(worker.db, 'record.hourly_return', statements.map(sampleReturn));
  await worker.close();
});

afterAll(async () => {
  for (const client of clients.values()) await client.end();
  await database.drop();
});

async function connect(name: string, url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  clients.set(name, client);
}

async function rows(role: string, text: string): Promise<readonly object[]> {
  const found = await clients.get(role)?.query(text);
  return found?.rows ?? [];
}

describe('accepts', () => {
  it.each([
    ['gateway', 'select * from released.account_status', 1],
    ['gateway', 'select * from released.hourly_return', 2],
    ['gateway', 'select * from released.statement', 2],
    ['gateway', 'select * from released.checkpoint', 0],
    ['operator', 'select * from operator.queue', 0],
    ['operator', 'select * from operator.job', 0],
    ['operator', 'select * from operator.account', 1],
    ['operator', 'select * from operator.master_key', 0],
    ['enclave_worker', 'select * from record.migration', MIGRATIONS],
    ['operator', 'select * from operator.venue', 1],
    ['operator', 'select * from operator.schedule', 0],
    ['operator', 'select * from operator.action', 0],
  ])('%s: %s', async (role, text, count) => {
    expect(await rows(role, text)).toHaveLength(count);
  });
});

describe('refuses', () => {
  const others = ['gateway', 'operator'];
  const hidden = [
    ...Object.keys(tables),
    'pgboss.job',
    'pgboss.job_common',
    'pgboss.queue',
    'pgboss.schedule',
  ];

  it.each(others)('%s: to read any table, whatever it is called', async (role) => {
    for (const table of hidden) {
      await expect(rows(role, `select * from ${table}`)).rejects.toMatchObject({ code: DENIED });
    }
  });

  it.each([
    ['gateway', 'select * from operator.job'],
    ['gateway', 'delete from released.statement'],
    ['gateway', "select record.enqueue('connect-account', gen_random_uuid(), '{}')"],
    ['gateway', 'create table public.mine (n int)'],
    ['gateway', 'create table gateway.mine (n int)'],
    ['operator', 'select * from released.statement'],
    ['operator', 'select gateway.enqueue_sync(gen_random_uuid(), null)'],
    ['operator', 'delete from operator.job'],
    ['enclave_worker', "update record.statement set body = 'x'"],
    ['enclave_worker', 'delete from record.statement'],
    ['enclave_worker', 'truncate record.statement'],
    ['enclave_worker', 'update record.hourly_return set return = 1'],
    ['enclave_worker', 'delete from record.hourly_return'],
    ['enclave_worker', 'delete from record.sealed_segment'],
    ['enclave_worker', 'delete from record.log_hash'],
    ['enclave_worker', "update record.log_checkpoint set note = 'x'"],
    ['enclave_worker', 'truncate record.log_pending'],
    ['gateway', 'select * from record.log_pending'],
    ['enclave_worker', 'delete from record.account'],
    ['enclave_worker', 'delete from record.account_key'],
    ['enclave_worker', 'update record.account_key set account_id = account_id'],
    ['enclave_worker', 'delete from record.sentinel'],
    ['enclave_worker', 'select gateway.forget_account(gen_random_uuid())'],
    ['operator', 'select gateway.forget_account(gen_random_uuid())'],
    ['enclave_worker', 'insert into record.intake select'],
    ['enclave_worker', 'update record.migration set number = 9'],
    ['enclave_worker', 'select gateway.enqueue_sync(gen_random_uuid(), null)'],
    ['enclave_worker', 'drop trigger guard_job on pgboss.job_common'],
    ['enclave_worker', 'alter table pgboss.job_common disable trigger guard_job'],
    ['enclave_worker', 'create table record.mine (n int)'],
    ['enclave_worker', 'create table pgboss.mine (n int)'],
    ['enclave_worker', 'delete from pgboss.queue'],
    ['enclave_worker', 'set session_replication_role = replica'],
  ])('%s: %s', async (role, text) => {
    await expect(rows(role, text)).rejects.toMatchObject({ code: DENIED });
  });

  it.each(KEPT)('everybody: to change or remove a %s', async (table) => {
    const attempts = [
      `update record.${table} set account_id = account_id`,
      `delete from record.${table} where false`,
      `truncate record.${table} cascade`,
      `set session_replication_role = replica; delete from record.${table}`,
    ];
    for (const text of attempts) {
      await expect(rows('owner', text)).rejects.toMatchObject({ code: APPEND_ONLY });
    }
    await rows('owner', 'reset session_replication_role');
  });
});

describe('holds', () => {
  it('no function or schema of ours is open to everybody', async () => {
    const open = await rows(
      'owner',
      `select proname from pg_proc join pg_namespace n on n.oid = pronamespace
       where nspname in ('record', 'released', 'gateway', 'operator')
         and has_function_privilege('public', pg_proc.oid, 'execute')
       union all select nspname from pg_namespace
       where nspname in ('record', 'released', 'gateway', 'operator', 'pgboss')
         and has_schema_privilege('public', oid, 'usage')`,
    );
    expect(open).toEqual([]);
  });

  it('a function that runs as its owner names every object by its schema', async () => {
    const found = await rows(
      'owner',
      `select proname from pg_proc where prosecdef and not coalesce(
         proconfig @> array['search_path=pg_catalog, pg_temp'], false)`,
    );
    expect(found).toEqual([]);
  });
});
