// After a life of good and bad hours, nothing that belongs to the account is found where it must
// not be: the files of the database, its log of every statement included, the tables as text, what
// the worker printed, what its door answered. The needles are random keys, a symbol that occurs
// nowhere else, and amounts and ids of the account's own fills.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { connectRpc, type RpcClient } from '@track-record/rpc/client';
import { noteKey, verifyCheckpoint } from '@track-record/statement/log';
import { migrate } from '@track-record/store';
import * as embedded from '@track-record/store/embedded';
import type { FaultKind } from '../simulator/faults.ts';
import { freePort, type WorkerProcess } from '../demo/stage.ts';
import { buildScenario, type Scenario } from '../scenario/build-scenario.ts';
import { ACCOUNT, openSite, OWNER, type Site } from './site.ts';
import { HOUR_MS, LAST_BACKFILLED, CONNECTED_AT, START } from './small-account.ts';

/** Among thousands of amounts and ids every so many is looked for. */
const NEEDLES_MAX = 60;
const CANARY = `CANARY${randomBytes(8).toString('hex')}`;
/** In a payload as large as a careless or hostile producer may send. */
const PAYLOAD_SIZE_BYTES = 10_000_000;
const PATIENCE_MS = 20_000;
const POLL_MS = 50;

const faults: readonly (readonly [Code, FaultKind])[] = [
  ['VENUE_KEY_REJECTED', { kind: 'wrong-key' }],
  ['VENUE_UNAVAILABLE', { kind: 'http-500' }],
  ['VENUE_UNAVAILABLE', { kind: 'html-200' }],
  ['VENUE_RATE_LIMITED', { kind: 'http-429', retryAfterS: 2 }],
];

const masterKey = randomBytes(32);
const scenario = withRandomKeys(
  buildScenario({ seed: 19, start: START, hours: 48, fills: 150, markers: true }),
);
const needles = needlesOf(scenario);

let postgres: embedded.EmbeddedPostgres;
let directory: string;
let site: Site;
let worker: WorkerProcess;
let rpc: RpcClient;
let answers: string;
let tables: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'track-record-leak-'));
  const options = { directory: null, durable: true, random: randomBytes };
  postgres = await embedded.startEmbeddedPostgres(options);
  await migrate(postgres.url);
  const logins = await embedded.createLogins(postgres.url, randomBytes);
  site = await openSite({
    scenario,
    database: { url: postgres.url, urlFor: (role) => logins[role] },
    masterKey: masterKey.toString('hex'),
    now: CONNECTED_AT,
  });
  // What a curious operator would turn on: every statement with its parameters, every failed row.
  for (const setting of ["log_statement = 'all'", "log_error_verbosity = 'default'"]) {
    await site.admin.query(`alter database postgres set ${setting}`);
  }
  const port = await freePort();
  const certificate = join(directory, 'enclave.pem');
  worker = await site.startWorker({
    ENCLAVE_PORT: String(port),
    ENCLAVE_CERTIFICATE_FILE: certificate,
    WORKER_CHECKPOINT_DIRECTORY: join(directory, 'log'),
  });
  await live();
  const trust = { rootCertificatePem: readFileSync(certificate, 'utf8') };
  rpc = await connectRpc({ endpoint: `127.0.0.1:${port}`, trust, deadlineMs: 10_000 });
  answers = await askEverything();
  await site.admin.query(`create table public.canary as select '${CANARY}' as text`);
  await site.admin.query('delete from public.canary');
  await site.admin.query(`insert into public.canary values ('${CANARY}')`);
  await site.admin.query('checkpoint');
  tables = await everyTable();
}, 120_000);

afterAll(async () => {
  rpc.close();
  await site.close();
  await postgres.stop();
  rmSync(directory, { recursive: true });
});

describe('accepts', () => {
  test('the life that is searched: all its hours, and each of the failures', async () => {
    const hours = await site.admin.query('select from record.hourly_return');
    expect(hours.rowCount).toBe(46 + faults.length);
    const printed = worker.log();
    for (const [code] of faults) expect(printed).toContain(`"code":"${code}"`);
    expect(printed).toContain('"code":"PAYLOAD_INVALID"');
    expect(answers).toContain('"hourlyReturn"');
    expect(needles.size).toBeGreaterThan(40);
  });

  test('a search that finds what is there, in files and in tables', () => {
    expect(filesWith(new Map([['canary', Buffer.from(CANARY)]])).size).toBeGreaterThan(0);
    expect(tables).toContain(CANARY);
    expect(tables).toContain(ACCOUNT);
    const log = filesWith(new Map([['log', Buffer.from('insert into record.sealed_state')]]));
    expect([...log.values()].flat().some((path) => path.endsWith('log'))).toBe(true);
  });

  test('the public log of all its statements, under the key that the evidence names', async () => {
    const counted = await site.admin.query('select count(*)::int as n from record.statement');
    await site.admin.query(`select record.enqueue('publish-checkpoint', $1, '{}')`, [ACCOUNT]);
    const { evidence } = await rpc.attestation(new Uint8Array());
    const { binding } = JSON.parse(Buffer.from(evidence).toString('utf8'));
    const publicKey = Buffer.from(binding.logPublicKey, 'hex');
    const deadline = Date.now() + PATIENCE_MS;
    for (let size = 0; size < counted.rows[0].n; await wait(POLL_MS)) {
      if (Date.now() > deadline) throw new Error(`The log is not shown:\n${worker.log()}`);
      const file = join(directory, 'log/checkpoint');
      if (!existsSync(file)) continue;
      const note = readFileSync(file, 'utf8');
      const key = await noteKey('log', note.slice(0, note.indexOf('\n')), publicKey);
      ({ size } = await verifyCheckpoint(note, { key, witnesses: [], witnessesMin: 0 }));
    }
  });
});

describe('refuses', () => {
  test('to be read in the files of the database', () => {
    expect([...filesWith(needles)]).toEqual([]);
  });

  test('to be read in any table', () => {
    expect(namesOfNeedlesIn(tables)).toEqual([]);
  });

  test('S9 logs-carry-no-secret: to be read in what the worker prints', () => {
    expect(namesOfNeedlesIn(worker.log())).toEqual([]);
  });

  test('S10 errors-carry-no-request: to be read in what the door answers', () => {
    expect(namesOfNeedlesIn(answers)).toEqual([]);
  });
});

/** A connection, a first synchronisation, then an hour with each failure, which then goes well. */
async function live(): Promise<void> {
  await site.handIn();
  await site.untilSigned(LAST_BACKFILLED);
  await sendHostilePayload();
  for (const [index, [code, fault]] of faults.entries()) {
    const passed = (index + 1) * HOUR_MS;
    site.setClock(CONNECTED_AT + passed);
    site.venue.faults.add({ ...fault, endpoint: '*' });
    await site.gateway.enqueueSync(ACCOUNT, LAST_BACKFILLED + passed);
    await untilCode(code);
    site.venue.faults.clear();
    await site.admin.query(`update record.account set state = 'active', state_code = null`);
    await site.gateway.enqueueSync(ACCOUNT, LAST_BACKFILLED + passed);
    await site.untilSigned(LAST_BACKFILLED + passed);
  }
}

/** As nobody but a superuser can: the producer's function takes an account and an hour. */
async function sendHostilePayload(): Promise<void> {
  const client = await site.admin.connect();
  await client.query(`set log_statement = 'none'`);
  const text = `${scenario.credentials.secret}${'x'.repeat(PAYLOAD_SIZE_BYTES)}`;
  await client.query(
    `insert into pgboss.job_common (id, name, data, policy, retry_limit, expire_seconds)
     values (gen_random_uuid(), 'sync-account.binance',
       jsonb_build_object('accountId', $1::text, 'hour', $2::text), 'exclusive', 0, 60)`,
    [ACCOUNT, text],
  );
  client.release(true);
  const deadline = Date.now() + PATIENCE_MS;
  while (!worker.log().includes('PAYLOAD_INVALID')) {
    if (Date.now() > deadline) throw new Error(`The payload was not refused:\n${worker.log()}`);
    await wait(POLL_MS);
  }
  const left = await site.admin.query(
    `select state, (select state::text from pgboss.job_common
       where output = '{"code": "PAYLOAD_INVALID"}' limit 1) as job from record.account`,
  );
  expect(left.rows).toEqual([{ state: 'active', job: 'failed' }]);
}

async function untilCode(code: Code): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while ((await site.gateway.status(ACCOUNT))?.code !== code) {
    if (Date.now() > deadline) throw new Error(`${code} did not show:\n${worker.log()}`);
    await wait(POLL_MS);
  }
}

/** Every call of the door, with good arguments and with bad ones. */
async function askEverything(): Promise<string> {
  const window = [START, START + 60 * HOUR_MS] as const;
  const told: unknown[] = [
    await rpc.statusOf(OWNER, null),
    await rpc.statusOf(OWNER, ACCOUNT),
    await rpc.attestation(randomBytes(32)),
  ];
  for await (const hour of rpc.hourlyReturns(ACCOUNT, ...window)) told.push(hour);
  for await (const each of rpc.statements(ACCOUNT, ...window)) {
    told.push(Buffer.from(each.body).toString('utf8'), each.signature);
  }
  const refused = await Promise.allSettled([
    rpc.statusOf('nobody', null),
    rpc.statusOf(OWNER, ACCOUNT.replace('c1', 'c9')),
    rpc.attestation(randomBytes(1_000)),
    rpc
      .hourlyReturns('x', ...window)
      [Symbol.asyncIterator]()
      .next(),
  ]);
  for (const each of refused) {
    told.push(each.status === 'rejected' ? String(Object(each.reason).stack) : each.value);
  }
  return JSON.stringify(told, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  );
}

/** Each row of every table of ours and of the queue's, as text; bytes in hexadecimal. */
async function everyTable(): Promise<string> {
  const names = await site.admin.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname in ('record', 'pgboss', 'public')`,
  );
  const parts: string[] = [];
  for (const { name } of names.rows) {
    const rows = await site.admin.query<{ row: string }>(`select t::text as row from ${name} t`);
    parts.push(name, ...rows.rows.map(({ row }) => row));
  }
  return parts.join('\n');
}

/** The needles that occur, and the files they occur in: data, write-ahead log and server log. */
function filesWith(wanted: ReadonlyMap<string, Buffer>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const root = dirname(postgres.dataDirectory);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = readFileSync(path);
    for (const [name, needle] of wanted) {
      if (content.includes(needle)) found.set(name, [...(found.get(name) ?? []), path]);
    }
  }
  return found;
}

function namesOfNeedlesIn(text: string): string[] {
  const bytes = Buffer.from(text);
  return [...needles].filter(([, needle]) => bytes.includes(needle)).map(([name]) => name);
}

function withRandomKeys(plain: Scenario): Scenario {
  const key = (): string => randomBytes(32).toString('hex');
  const credentials = { apiKey: key(), secret: key() };
  const known = [plain.credentials.apiKey, plain.credentials.secret];
  return { ...plain, credentials, secrets: plain.secrets.filter((text) => !known.includes(text)) };
}

/** Named, so that a failure does not print what it found. */
function needlesOf({ credentials, secrets }: Scenario): Map<string, Buffer> {
  const result = new Map([['master key', Buffer.from(masterKey)]]);
  const texts: [string, string][] = [
    ['API key', credentials.apiKey],
    ['secret', credentials.secret],
    ['master key as text', masterKey.toString('hex')],
  ];
  for (const [name, text] of texts) {
    result.set(name, Buffer.from(text));
    result.set(`${name} in hexadecimal`, Buffer.from(Buffer.from(text).toString('hex')));
    result.set(`${name} in base64`, Buffer.from(Buffer.from(text).toString('base64')));
  }
  const step = Math.ceil(secrets.length / NEEDLES_MAX);
  for (const [index, text] of secrets.entries()) {
    // The first one is the symbol that only this account trades.
    if (index % step === 0) result.set(`secrets[${index}]`, Buffer.from(text));
  }
  return result;
}
