// What a client meets, whoever wrote it: a worker whose evidence verifies, its door over mutual TLS
// with owner tokens, and a record that a route has signed. Asked by the verbs of our command and by
// docs/examples/client.py: Debian's python3-grpcio with messages that protoc makes from our .proto
// files. That one is left out where it is not installed; .ci/run installs it where it can.

import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import type { Verb, VerbOutput } from '../../../cli/src/verb.ts';
import { evidenceGet } from '../../../cli/src/verbs/evidence-get.ts';
import { results } from '../../../cli/src/verbs/results.ts';
import { statementExport } from '../../../cli/src/verbs/statement-export.ts';
import { status } from '../../../cli/src/verbs/status.ts';
import { verify } from '../../../cli/src/verbs/verify.ts';
import { watch } from '../../../cli/src/verbs/watch.ts';
import { fakeAmdAuthority } from '../amd/fake-authority.ts';
import { repositoryRoot } from '../house/repository.ts';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { openDesk } from '../route/desk.ts';
import { ACCOUNT, OWNER } from '../route/site.ts';
import * as account from '../route/small-account.ts';
import { scratchFolder } from '../scratch-folder.ts';
import { startFakeEnclave, type FakeEnclave } from '../tsm/fake-enclave.ts';

const { CONNECTED_AT, HOURS_BEFORE, LAST_BACKFILLED, MASTER_KEY, scenario } = account;
const run = promisify(execFile);
const STRANGER = '00000000-0000-4000-8000-0000000000ff';
const MEASUREMENT = '4d'.repeat(48);
const AT = new Date(CONNECTED_AT).toISOString();

const { folder, fileOf: file } = scratchFolder('clients');
const authority = fakeAmdAuthority();
const anchors = file('anchors.pem', authority.rootsPem);
const policy = file('policy.json', JSON.stringify({ measurements: [MEASUREMENT] }));
const otherPolicy = file('other.json', JSON.stringify({ measurements: ['00'.repeat(48)] }));
let database: FreshDatabase;
let enclave: FakeEnclave;
let issuerKey: string;

beforeAll(async () => {
  database = await freshDatabase();
  const desk = await openDesk({ scenario, database, masterKey: MASTER_KEY, now: CONNECTED_AT });
  await desk.handIn();
  expect(await desk.connect()).toBe('DONE');
  expect(await desk.sync(LAST_BACKFILLED)).toBe('DONE');
  await desk.close();
  const machine = { authority, database, masterKey: MASTER_KEY, now: CONNECTED_AT, folder };
  enclave = await startFakeEnclave(machine);
  const pem = enclave.callers.issuerKey.export({ type: 'pkcs8', format: 'pem' });
  issuerKey = file('issuer.key', pem.toString());
});

afterAll(async () => {
  await enclave.stop();
  await database.drop();
});

/** A certificate of this role, and its key. */
function clientFiles(role: string) {
  const { certificatePem, privateKeyPem } = enclave.callers.identityOf(role);
  return {
    'client-certificate': file(`${role}.pem`, certificatePem),
    'client-key': file(`${role}.key`, privateKeyPem),
  };
}

/** Tokens of the owner, one a line. */
function tokenFile(count: number): string {
  const token = enclave.callers.tokensOf(OWNER);
  return file('tokens.txt', Array.from({ length: count }, token).join('\n'));
}

/** The verb as the role, with tokens that it signs itself, and what it said on the way. */
async function ask(
  verb: Verb,
  role: string,
  change: Readonly<Record<string, string | undefined>> = {},
): Promise<VerbOutput & { readonly said: readonly string[] }> {
  const said: string[] = [];
  const options = {
    endpoint: enclave.endpoint,
    'evidence-policy': policy,
    'trust-anchors': anchors,
    at: AT,
    ...clientFiles(role),
    'issuer-key': issuerKey,
    audience: `spiffe://${enclave.callers.access.trustDomain}/enclave`,
    owner: OWNER,
    account: ACCOUNT,
    by: 'hour',
    ...change,
  };
  const progress = (line: string): void => void said.push(line);
  const output = await verb.run({ options, positionals: [], stdin: process.stdin, progress });
  return { ...output, said };
}

describe('accepts', () => {
  test('the owner’s word for a status, once and as it changes', async () => {
    for (const [verb, role] of [
      [status, 'operator'],
      [watch, 'gateway'],
    ] as const) {
      const { document, text, said } = await ask(verb, role);
      expect(document).toMatchObject({
        accounts: [{ accountId: ACCOUNT, state: 'active', lastHour: '2026-01-06T21:00:00Z' }],
      });
      expect(text).toMatch(/^account +state +last hour +missing/);
      expect(said.every((line) => line.includes(ACCOUNT.slice(0, 8)))).toBe(true);
    }
  });

  test('every hour, every day, the month and the year', async () => {
    const counts: number[] = [];
    for (const by of ['hour', 'day', 'month', 'year']) {
      const { document } = await ask(results, 'auditor', { by });
      counts.push((document as { readonly results: readonly unknown[] }).results.length);
    }
    expect(counts).toEqual([HOURS_BEFORE, 2, 1, 1]);
    const { text } = await ask(results, 'gateway', { from: '2026-01-06T20:00:00Z' });
    expect(text.split('\n').slice(1, -1)).toHaveLength(2);
    expect(text).toMatch(/^start +return +coverage +provenance\n2026-01-06 20:00 +-?\d+\.\d{4} %/);
  });

  test('an export and evidence into files, from the enclave of the policy', async () => {
    const output = join(folder, 'export.json');
    const { document } = await ask(statementExport, 'gateway', { output });
    expect(document).toMatchObject({ file: output, summary: { hours: HOURS_BEFORE } });
    const judged = { policy, at: AT, 'trust-anchors': anchors };
    const options = { options: judged, positionals: [output], stdin: process.stdin };
    expect(await verify.run({ ...options, progress: () => undefined })).toMatchObject({
      failed: false,
    });
    const evidence = join(folder, 'got.json');
    const got = await ask(evidenceGet, 'auditor', { output: evidence });
    expect(got.document).toMatchObject({ insecure: false, statementKeyAnswers: true });
    expect(got.text).toContain('verified against the policy');
    const read = (path: string): { evidence?: unknown } => JSON.parse(readFileSync(path, 'utf8'));
    expect(read(evidence)).toEqual(read(output).evidence);
  });

  test('a token file, of which each call takes one', async () => {
    const { document } = await ask(status, 'gateway', { tokens: tokenFile(1) });
    expect(document).toMatchObject({ accounts: [{ state: 'active' }] });
  });
});

describe('refuses', () => {
  test.each<readonly [string, Verb, string, Record<string, string | undefined>, string]>([
    [
      'an enclave of other code',
      status,
      'gateway',
      { 'evidence-policy': otherPolicy },
      'POLICY_MEASUREMENT',
    ],
    ['another authority', watch, 'gateway', { 'trust-anchors': undefined }, 'CHAIN_INVALID'],
    ['a role that may not ask', results, 'operator', {}, 'RPC_FORBIDDEN'],
    ['no role', status, 'stranger', {}, 'RPC_UNAUTHENTICATED'],
    ['another owner’s account', results, 'gateway', { owner: STRANGER }, 'ACCOUNT_UNKNOWN'],
    [
      'a token that was not issued',
      status,
      'gateway',
      { tokens: file('bad.txt', 'e30.e30.e30') },
      'RPC_UNAUTHENTICATED',
    ],
    [
      'a file without a token',
      status,
      'gateway',
      { tokens: file('no.txt', '') },
      'ARGUMENT_INVALID',
    ],
  ])('%s: %#', async (_name, verb, role, change, code) => {
    expect(await ask(verb, role, change).then(() => 'answered', codeOf)).toBe(code);
  });

  test('options that are not of their form', async () => {
    const rows: readonly [Verb, Record<string, string | undefined>, RegExp][] = [
      [status, { 'evidence-policy': undefined }, /--evidence-policy FILE is required/],
      [status, { owner: undefined }, /--owner ID is required/],
      [status, { account: 'mine' }, /--account takes the id/],
      [status, { 'client-key': undefined }, /--client-key FILE is required/],
      [status, { audience: undefined }, /--audience/],
      [results, { by: 'week' }, /--by is one of hour day month year/],
    ];
    for (const [verb, change, sentence] of rows) {
      await expect(ask(verb, 'gateway', change)).rejects.toThrow(sentence);
    }
  });
});

const python = ['/usr/bin/python3', 'python3'].find((each) =>
  isRunnable(each, '-c', 'import grpc, google.protobuf'),
);
const isInstalled = python !== undefined && isRunnable('protoc', '--version');

(isInstalled ? describe : describe.skip)('python3-grpcio, where it is installed', () => {
  const generated = join(folder, 'generated');

  beforeAll(async () => {
    mkdirSync(generated);
    const proto = join(repositoryRoot, 'packages/rpc/proto');
    const names = ['grpc/health/v1/health', 'attestation', 'results', 'status'];
    const files = names.map(
      (name) => `${name.includes('/') ? '' : 'trackrecord/v1/'}${name}.proto`,
    );
    await run('protoc', ['-I', proto, `--python_out=${generated}`, ...files]);
  });

  /** What the example prints; its standard error when it refuses. */
  async function client(policyFile: string): Promise<string> {
    const { 'client-certificate': certificate, 'client-key': key } = clientFiles('gateway');
    const main = join(repositoryRoot, 'packages/cli/src/main.ts');
    const given = {
      endpoint: enclave.endpoint,
      certificate,
      key,
      tokens: tokenFile(3),
      owner: OWNER,
      account: ACCOUNT,
      output: folder,
      'track-record': [process.execPath, '--conditions=@track-record/source', main].join(' '),
      verify: `--policy ${policyFile} --trust-anchors ${anchors} --at ${AT}`,
    };
    const example = join(repositoryRoot, 'docs/examples/client.py');
    const options = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
    const env = { ...process.env, PYTHONPATH: `${generated}:${generated}/grpc/health/v1` };
    return await run(python ?? '', [example, ...options], { env }).then(
      ({ stdout }) => stdout,
      ({ stderr }: { readonly stderr: string }) => stderr,
    );
  }

  test('accepts verified evidence, a status, every hour and an export that verifies', async () => {
    expect(JSON.parse(await client(policy))).toMatchObject({
      serving: true,
      state: 'ACCOUNT_STATE_ACTIVE',
      last_hour_ms: LAST_BACKFILLED,
      hours: HOURS_BEFORE,
      statements: HOURS_BEFORE,
      verdict: 'verified',
    });
    const record: unknown = JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8'));
    expect(record).toMatchObject({ format: 'track-record-export/1' });
  });

  test('refuses an enclave of other code before anything else is sent', async () => {
    expect(await client(otherPolicy)).toMatch(/^refused: .*POLICY_MEASUREMENT/);
  });
});

function isRunnable(command: string, ...options: string[]): boolean {
  return spawnSync(command, options, { stdio: 'ignore' }).status === 0;
}
