// A worker that must not start: it says one code, names the setting where there is one, and ends.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { freePort, startWorkerProcess } from '../demo/stage.ts';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { openSite } from './site.ts';
import { MASTER_KEY, scenario, START } from './small-account.ts';

const MARKER = 'MARKERk3yZZ9qv';

type Settings = Readonly<Record<string, string>>;

interface Refusal {
  readonly exitCode: number | null;
  readonly code: string;
  readonly place: string | undefined;
}

let directory: string;
let occupied: Server;
const databases: FreshDatabase[] = [];
const output: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'track-record-start-'));
  occupied = createServer().listen(0, '127.0.0.1');
  await once(occupied, 'listening');
});

afterAll(async () => {
  occupied.close();
  for (const database of databases) await database.drop();
  rmSync(directory, { recursive: true });
});

describe('refuses', () => {
  test.each<readonly [string, string, Settings]>([
    ['a short key', 'ENCRYPTION_KEY', { ENCRYPTION_KEY: MARKER }],
    ['a key one digit short', 'ENCRYPTION_KEY', { ENCRYPTION_KEY: MASTER_KEY.slice(1) }],
    ['a key too long', 'ENCRYPTION_KEY', { ENCRYPTION_KEY: `${MASTER_KEY}00` }],
    ['31 bytes in base64', 'ENCRYPTION_KEY', { ENCRYPTION_KEY: base64Key(31) }],
    ['33 bytes in base64', 'ENCRYPTION_KEY', { ENCRYPTION_KEY: base64Key(33) }],
    ['an unknown setting', 'ENCLAVE_X', { ENCLAVE_X: MARKER }],
    ['a malformed setting', 'ENCLAVE_PORT', { ENCLAVE_PORT: MARKER }],
  ])('%s: CONFIG_INVALID at %s', async (_name, place, settings) => {
    const refusal = await start(settings);
    expect(refusal).toEqual({ exitCode: 1, code: 'CONFIG_INVALID', place });
  });

  test('a key file that is not there, and one that holds no key', async () => {
    const file = join(directory, 'key');
    expect(await start({ ENCRYPTION_KEY: `file:${file}` })).toMatchObject({
      code: 'KEY_SOURCE_UNAVAILABLE',
      place: 'ENCRYPTION_KEY',
    });
    writeFileSync(file, `${MARKER}\n`);
    expect(await start({ ENCRYPTION_KEY: `file:${file}` })).toMatchObject({
      code: 'CONFIG_INVALID',
      place: 'ENCRYPTION_KEY',
    });
  });

  test('a port in use, and a folder that is not there, after it has opened the rest', async () => {
    const database = await fresh();
    const { port } = occupied.address() as AddressInfo;
    expect(await start({ ENCLAVE_PORT: String(port) }, database)).toEqual({
      exitCode: 1,
      code: 'CONFIG_INVALID',
      place: 'ENCLAVE_PORT',
    });
    const file = join(directory, 'nowhere', 'enclave.pem');
    expect(await start({ ENCLAVE_CERTIFICATE_FILE: file }, database)).toEqual({
      exitCode: 1,
      code: 'CONFIG_INVALID',
      place: 'ENCLAVE_CERTIFICATE_FILE',
    });
  });

  test('R49 the-key-proves-itself-at-start: another one is KEY_UNKNOWN', async () => {
    const database = await fresh();
    const site = await openSite({ scenario, database, masterKey: MASTER_KEY, now: START });
    await site.startWorker();
    await site.close();
    const refusal = await start({ ENCRYPTION_KEY: 'a1'.repeat(32) }, database);
    expect(refusal).toEqual({ exitCode: 1, code: 'KEY_UNKNOWN', place: undefined });
  });

  test.each<readonly [string, (url: URL) => void]>([
    ['nobody listens', (url) => (url.port = '1')],
    ['a wrong password', (url) => (url.password = MARKER)],
    ['no such database', (url) => (url.pathname = '/track_record_nowhere')],
  ])('%s: STORE_UNAVAILABLE', async (_name, change) => {
    const database = await fresh();
    const url = new URL(database.urlFor('enclave_worker'));
    change(url);
    expect((await start({ DATABASE_URL: url.href })).code).toBe('STORE_UNAVAILABLE');
  });

  test.each<readonly [string, string]>([
    ['an empty database', 'drop schema record cascade'],
    ['a migration short', 'delete from record.migration where number = 5'],
    [
      'a migration more',
      `insert into record.migration (number, name, sha256)
       values (99, 'later', sha256('later'))`,
    ],
    ['another migration', `update record.migration set sha256 = sha256('x') where number = 2`],
    ['another queue', 'update pgboss.version set version = version - 1'],
    ['no queue', 'drop schema pgboss cascade'],
  ])('%s: STORE_SCHEMA_UNEXPECTED', async (_name, statement) => {
    const database = await fresh();
    const admin = new pg.Pool({ connectionString: database.url });
    await admin.query(statement);
    await admin.end();
    expect((await start({}, database)).code).toBe('STORE_SCHEMA_UNEXPECTED');
  });
});

describe('holds', () => {
  test('nothing of a refused setting is printed', () => {
    expect(output.length).toBeGreaterThan(10);
    expect(output.filter((text) => text.includes(MARKER))).toEqual([]);
  });
});

async function start(settings: Settings, database?: FreshDatabase): Promise<Refusal> {
  const worker = startWorkerProcess(
    {
      DATABASE_URL: database?.urlFor('enclave_worker') ?? 'postgres://nobody@127.0.0.1:1/none',
      ENCRYPTION_KEY: MASTER_KEY,
      ENCLAVE_PORT: String(await freePort()),
      ...settings,
    },
    join(directory, 'worker.log'),
  );
  await once(worker.child, 'close');
  output.push(worker.log());
  const line = worker.log().trimEnd().split('\n').at(-1) ?? '';
  const { event, code, place }: Record<string, string> = JSON.parse(line);
  expect(event).toBe('start-refused');
  return { exitCode: worker.child.exitCode, code: code ?? '', place };
}

async function fresh(): Promise<FreshDatabase> {
  const database = await freshDatabase();
  databases.push(database);
  return database;
}

function base64Key(sizeBytes: number): string {
  return Buffer.alloc(sizeBytes, 7).toString('base64');
}
