// Does the migrator make the schema once, and does the check refuse every other one?

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { freshDatabase, type FreshDatabase } from '../../testkit/src/postgres/template-database.ts';
import { openStore, type Store } from './index.ts';
import { checkSchema, migrate, QUEUE_SCHEMA_VERSION } from './migrate.ts';

let database: FreshDatabase;
let owner: Store;

beforeAll(async () => {
  database = await freshDatabase();
  owner = openStore(database.url, { connectionsMax: 1 });
});

afterAll(async () => {
  await owner.close();
  await database.drop();
});

const UNEXPECTED = { code: 'STORE_SCHEMA_UNEXPECTED' };

describe('accepts', () => {
  it('what the migrator made, seen by the worker, and by the migrator again', async () => {
    const worker = openStore(database.urlFor('enclave_worker'), { connectionsMax: 1 });
    await checkSchema(worker.db);
    await worker.close();
    await migrate(database.url);
    await checkSchema(owner.db);
  });

  it('an empty database, from two migrators at once', async () => {
    const name = `${new URL(database.url).pathname.slice(1)}_empty`;
    await sql`create database ${sql.id(name)} template template0`.execute(owner.db);
    const url = new URL(database.url);
    url.pathname = `/${name}`;
    await Promise.all([migrate(url.href), migrate(url.href)]);
    const store = openStore(url.href, { connectionsMax: 1 });
    await checkSchema(store.db);
    await store.close();
    await sql`drop database ${sql.id(name)}`.execute(owner.db);
  });
});

describe('refuses', () => {
  // The migrator refuses what it cannot mend; what merely lags behind it would bring forward.
  it.each([
    ['both', 'a changed migration', `update record.migration set sha256 = sha256('x')`],
    ['both', 'a renamed migration', `update record.migration set name = name || 'x'`],
    ['both', 'a migration missing in the middle', `delete from record.migration where number = 2`],
    [
      'both',
      'a migration of a newer version',
      `insert into record.migration values (99, '0099-new.sql', sha256('x'))`,
    ],
    ['both', 'a queue of a newer version', `update pgboss.version set version = version + 1`],
    ['check', 'a queue of an older version', `update pgboss.version set version = version - 1`],
    ['check', 'the last migration missing', `delete from record.migration where number = 5`],
    ['check', 'a database that nobody migrated', `alter schema record rename to elsewhere`],
    ['check', 'a guard that is off', `alter table pgboss.job_common disable trigger guard_job`],
    ['check', 'a guard that is gone', `drop trigger guard_job on pgboss.job_common`],
  ])('STORE_SCHEMA_UNEXPECTED by %s: %s', async (by, _name, change) => {
    const altered = await freshDatabase();
    const store = openStore(altered.url, { connectionsMax: 1 });
    try {
      await sql.raw(change).execute(store.db);
      await expect(checkSchema(store.db)).rejects.toMatchObject(UNEXPECTED);
      if (by === 'both') await expect(migrate(altered.url)).rejects.toMatchObject(UNEXPECTED);
    } finally {
      await store.close();
      await altered.drop();
    }
  });

  it('STORE_UNAVAILABLE: a server that is not there', async () => {
    const work = migrate('postgres://nobody@127.0.0.1:1/none');
    await expect(work).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('holds', () => {
  it('the version of the queue is the one pg-boss has', () => {
    const entry = createRequire(import.meta.url).resolve('pg-boss');
    const text = readFileSync(join(dirname(dirname(entry)), 'package.json'), 'utf8');
    expect(JSON.parse(text).pgboss.schema).toBe(QUEUE_SCHEMA_VERSION);
  });
});
