// Brings a database to the schema of this version, and refuses any other. Only the owner of the
// schema migrates; a worker only checks, and does not start on what it does not know (field-lessons
// R65: a missing column made security gates silently do nothing).

import assert from 'node:assert';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import { sql, type Kysely } from 'kysely';
import { PgBoss } from 'pg-boss';
import { openStore } from './open-store.ts';
import { insertRows, selectRows, type Database, type Row } from './rows.ts';
import { storeFailure } from './store-failure.ts';

/** The schema of pg-boss 12.38.0, as its package.json states it (a test compares them). */
export const QUEUE_SCHEMA_VERSION = 46;

/** Any constant will do: one lock of the database, taken by nothing else. */
const MIGRATION_LOCK = 7_203_551;
/** Another migrator at work ends well within this; longer means that one hangs. */
const LOCK_TIMEOUT_MS = 60_000;

const FILE_NAME = /^(\d{4})-[a-z-]+\.sql$/;

interface Migration extends Row<'record.migration'> {
  readonly text: string;
}

/**
 * STORE_SCHEMA_UNEXPECTED when the database holds what this version does not; STORE_UNAVAILABLE.
 */
export async function migrate(ownerUrl: string): Promise<void> {
  const migrations = await readMigrations();
  const store = openStore(ownerUrl, { connectionsMax: 1 });
  try {
    // The lock belongs to this session and ends with it, whatever happens.
    await store.db.connection().execute(async (db) => {
      await sql.raw(`set lock_timeout = ${LOCK_TIMEOUT_MS}`).execute(db);
      await sql`select pg_advisory_lock(${MIGRATION_LOCK})`.execute(db);
      // An index over a large table takes as long as it takes.
      await sql`set statement_timeout = 0`.execute(db);
      const applied = await checkApplied(db, migrations);
      await installQueue(db, ownerUrl);
      for (const migration of migrations.slice(applied)) await apply(db, migration);
    });
  } catch (error) {
    throw storeFailure(error);
  } finally {
    await store.close();
  }
}

/**
 * STORE_SCHEMA_UNEXPECTED unless every migration, the queue's schema and its guard are as this
 * version made them.
 */
export async function checkSchema(db: Kysely<Database>): Promise<void> {
  const migrations = await readMigrations();
  try {
    const applied = await checkApplied(db, migrations);
    if (applied < migrations.length) refuse(`migrations.${migrations[applied]?.name}`);
    if ((await queueVersion(db)) !== QUEUE_SCHEMA_VERSION) refuse('pgboss.version');
    if (!(await hasGuard(db))) refuse('pgboss.job_common.guard_job');
  } catch (error) {
    throw storeFailure(error);
  }
}

/**
 * How many of `migrations` the database has: they must be its first ones, unchanged, and all it
 * has.
 */
async function checkApplied(
  db: Kysely<Database>,
  migrations: readonly Migration[],
): Promise<number> {
  if (!(await exists(db, 'record.migration'))) return 0;
  const rows = await selectRows(db, 'record.migration', sql`order by number`);
  for (const [index, row] of rows.entries()) {
    const migration = migrations[index];
    if (
      migration === undefined ||
      row.number !== migration.number ||
      row.name !== migration.name ||
      Buffer.compare(row.sha256, migration.sha256) !== 0
    ) {
      refuse(`record.migration[${index}]`);
    }
  }
  return rows.length;
}

/** pg-boss installs and migrates its own schema; it never goes back from a newer one. */
async function installQueue(db: Kysely<Database>, ownerUrl: string): Promise<void> {
  const version = await queueVersion(db);
  if (version === QUEUE_SCHEMA_VERSION) return;
  if (version !== null && version > QUEUE_SCHEMA_VERSION) refuse('pgboss.version');
  const boss = new PgBoss({
    connectionString: ownerUrl,
    max: 1,
    migrate: true,
    supervise: false,
    schedule: false,
    registerInstance: false,
  });
  // `start` rejects with the failure itself; an emitter without a listener would end the process
  // instead.
  boss.on('error', () => undefined);
  await boss.start();
  await boss.stop({ graceful: false });
}

async function apply(db: Kysely<Database>, migration: Migration): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql.raw(migration.text).execute(trx);
    await insertRows(trx, 'record.migration', [migration]);
  });
}

async function readMigrations(): Promise<readonly Migration[]> {
  const folder = new URL('.', import.meta.resolve('@track-record/migrations/package.json'));
  const names = (await readdir(folder)).filter((name) => FILE_NAME.test(name)).toSorted();
  return Promise.all(
    names.map(async (name, index) => {
      assert(name.startsWith(String(index + 1).padStart(4, '0')), 'migrations are numbered from 1');
      const text = await readFile(new URL(name, folder), 'utf8');
      return { number: index + 1, name, text, sha256: createHash('sha256').update(text).digest() };
    }),
  );
}

async function queueVersion(db: Kysely<Database>): Promise<number | null> {
  if (!(await exists(db, 'pgboss.version'))) return null;
  const found = await sql<{ version: number }>`select version from pgboss.version`.execute(db);
  return found.rows[0]?.version ?? null;
}

/** A migration of pg-boss that rebuilt its table would drop our trigger without a word. */
async function hasGuard(db: Kysely<Database>): Promise<boolean> {
  const found = await sql`
    select from pg_trigger where tgrelid = 'pgboss.job_common'::regclass
      and tgname = 'guard_job' and tgenabled = 'A'`.execute(db);
  return found.rows.length === 1;
}

async function exists(db: Kysely<Database>, table: string): Promise<boolean> {
  const found = await sql<{ exists: boolean }>`
    select to_regclass(${table}) is not null as exists`.execute(db);
  return found.rows[0]?.exists === true;
}

function refuse(place: string): never {
  throw new RecordError('STORE_SCHEMA_UNEXPECTED', { place });
}
