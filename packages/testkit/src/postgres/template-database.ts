// A database of its own for each test file, cloned from one that the real migrator made. Several
// test runs may use one server at the same time: whatever a run makes carries the run's name, and a
// run is alive as long as one connection with that name is.

import assert from 'node:assert';
import { randomBytes } from 'node:crypto';
import { migrate, roleNames, type RoleName } from '@track-record/store';
import { createLogins } from '@track-record/store/embedded';
import pg from 'pg';

/** How the global setup tells the test processes where the server is. */
const VARIABLE = 'TRACK_RECORD_TEST_SERVER';

/** `create database ... strategy` came with it; the migrations use nothing newer. */
const SERVER_VERSION_MIN = 150_000;

/** Any constant will do: one run at a time removes what dead runs left. */
const SWEEP_LOCK = 7_203_552;

interface TestServer {
  readonly adminUrl: string;
  readonly run: string;
  readonly logins: Readonly<Record<RoleName, string>>;
}

export interface FreshDatabase {
  /** As the owner of the schema, a superuser. */
  readonly url: string;
  /** As a login user that has this role and no other. */
  readonly urlFor: (role: RoleName) => string;
  readonly drop: () => Promise<void>;
}

/**
 * The migrated schema, empty; or the content of `like`, to which nothing may be connected. Costs
 * about a tenth of a second.
 */
export async function freshDatabase(like?: FreshDatabase): Promise<FreshDatabase> {
  const server = readTestServer();
  const name = `${server.run}_${randomBytes(6).toString('hex')}`;
  const source = like === undefined ? templateOf(server.run) : new URL(like.url).pathname.slice(1);
  await asAdmin(server.adminUrl, (client) =>
    client.query(`create database ${name} template ${source} strategy file_copy`),
  );
  return {
    url: withDatabase(server.adminUrl, name),
    urlFor: (role) => withDatabase(server.logins[role], name),
    drop: () =>
      asAdmin(server.adminUrl, (client) => client.query(`drop database ${name} with (force)`)),
  };
}

/**
 * Makes the template on the server of `adminUrl`, a superuser's; the result removes what the run
 * made.
 */
export async function buildTemplate(adminUrl: string): Promise<() => Promise<void>> {
  const run = `track_record_test_${randomBytes(6).toString('hex')}`;
  const alive = new pg.Client({ connectionString: adminUrl, application_name: run });
  await alive.connect();
  try {
    const version = await alive.query<{ version: number }>(
      `select current_setting('server_version_num')::int as version`,
    );
    assert((version.rows[0]?.version ?? 0) >= SERVER_VERSION_MIN, 'PostgreSQL 15 or later');
    await removeDeadRuns(alive);
    const template = templateOf(run);
    await alive.query(`create database ${template} template template0`);
    await migrate(withDatabase(adminUrl, template));
    const logins = await createLogins(adminUrl, randomBytes, run);
    await alive.query(`alter database ${template} is_template true allow_connections false`);
    const server: TestServer = { adminUrl, run, logins };
    process.env[VARIABLE] = JSON.stringify(server);
  } catch (error) {
    await alive.end();
    throw error;
  }
  return async () => {
    await removeRun(alive, run);
    await alive.end();
  };
}

async function removeDeadRuns(client: pg.Client): Promise<void> {
  await client.query('select pg_advisory_lock($1)', [SWEEP_LOCK]);
  const dead = await client.query<{ run: string }>(
    `select distinct run from (
       select substring(datname from '^track_record_test_[0-9a-f]{12}') as run from pg_database
       union select substring(rolname from '^track_record_test_[0-9a-f]{12}') from pg_roles
     ) made where run is not null and run not in (select application_name from pg_stat_activity)`,
  );
  for (const { run } of dead.rows) await removeRun(client, run);
  await client.query('select pg_advisory_unlock($1)', [SWEEP_LOCK]);
}

async function removeRun(client: pg.Client, run: string): Promise<void> {
  const made = await client.query<{ name: string }>(
    `select datname as name from pg_database where starts_with(datname, $1)`,
    [`${run}_`],
  );
  for (const { name } of made.rows) {
    await client.query(`alter database ${name} is_template false`);
    await client.query(`drop database ${name} with (force)`);
  }
  for (const role of roleNames) await client.query(`drop role if exists ${run}_${role}`);
}

async function asAdmin(
  adminUrl: string,
  run: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await run(client);
  } finally {
    await client.end();
  }
}

function readTestServer(): TestServer {
  const text = process.env[VARIABLE];
  assert(text !== undefined, 'the global setup of jest.config.ts has started no database server');
  return JSON.parse(text) as TestServer;
}

function templateOf(run: string): string {
  return `${run}_template`;
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
