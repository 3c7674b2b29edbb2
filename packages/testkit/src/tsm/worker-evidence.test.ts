// From the security processor to a verdict on a record: a worker over a kernel in memory and the
// fake AMD authority, asked and judged by the verbs that an auditor runs.

import assert from 'node:assert';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTrustAnchors } from '@track-record/attestation/auditor';
import { codeOf, RecordError } from '@track-record/errors';
import { connectRpc } from '@track-record/rpc/client';
import { signingKeyFromSeed } from '@track-record/statement';
import { buildExport } from '@track-record/statement/export';
import { insertAccount, insertRows, openStore } from '@track-record/store';
import pg from 'pg';
import type { Verb, VerbOutput } from '../../../cli/src/verb.ts';
import { evidenceGet } from '../../../cli/src/verbs/evidence-get.ts';
import { evidenceVerify } from '../../../cli/src/verbs/evidence-verify.ts';
import { statementExport } from '../../../cli/src/verbs/statement-export.ts';
import { verify } from '../../../cli/src/verbs/verify.ts';
import { parseConfig } from '../../../worker/src/config.ts';
import { startWorker, type Worker } from '../../../worker/src/worker.ts';
import { signHours } from '../attacks/sample-export.ts';
import { fakeAmdAuthority } from '../amd/fake-authority.ts';
import { freePort } from '../demo/stage.ts';
import { fixedRecordRoot, fixRecordRoot } from '../postgres/record-root.ts';
import { SAMPLE_HOUR, sampleAccount, sampleReturn } from '../postgres/sample-record.ts';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { testCallers } from '../rpc/callers.ts';
import { holdersOf, type Holders } from '../succession/holders.ts';
import { fakeTsm, type FakeTsm } from './fake-tsm.ts';

const MASTER_KEY = '7a'.repeat(32);
const NOW = SAMPLE_HOUR + 7_200_000;
const AT = '2026-02-01T00:00:00Z';
const MEASUREMENT = '4d'.repeat(48);
const account = sampleAccount();
const authority = fakeAmdAuthority();
const folder = mkdtempSync(join(tmpdir(), 'track-record-evidence-'));
const anchors = fileOf('anchors.pem', authority.rootsPem);
const policy = fileOf('policy.json', JSON.stringify({ measurements: [MEASUREMENT] }));
const certificate = join(folder, 'enclave.pem');
const callers = testCallers();
const record = join(folder, 'record.json');
const evidence = join(folder, 'evidence.json');
const judged = { policy, at: AT, 'trust-anchors': anchors };

let database: FreshDatabase;
let holders: Holders;
let tsm: FakeTsm;
let worker: Worker;
let endpoint: string;

beforeAll(async () => {
  database = await freshDatabase();
  holders = await holdersOf(MASTER_KEY, join(folder, 'succession.json'), ['00'.repeat(32)]);
  await signOneHour();
  tsm = fakeTsm({ authority });
  endpoint = `127.0.0.1:${await freePort()}`;
  worker = await start({ AMD_SEV_SNP: 'true', ENCLAVE_MODE: 'production' }, tsm);
  const out = { endpoint, certificate };
  await exportRecord();
  await run(evidenceGet, [], { ...out, output: evidence });
});

afterAll(async () => {
  await worker.stop();
  await database.drop();
  rmSync(folder, { recursive: true });
});

function fileOf(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** As a gateway does it, which the owner has given a token. */
async function exportRecord(): Promise<void> {
  const rpc = await connectRpc({
    endpoint,
    trust: { rootCertificatePem: readFileSync(certificate, 'utf8') },
    deadlineMs: 10_000,
    identity: callers.identityOf('gateway'),
    ownerToken: callers.tokensOf(account.ownerId),
  });
  const { evidence, signingPublicKey: publicKey } = await rpc.attestation(new Uint8Array());
  const statements: { bytes: Uint8Array; signature: Uint8Array }[] = [];
  for await (const { body, signature } of rpc.statements(account.accountId, 0, NOW)) {
    statements.push({ bytes: body, signature });
  }
  const parts = { publicKey, evidence: JSON.parse(Buffer.from(evidence).toString()), statements };
  writeFileSync(record, JSON.stringify(await buildExport(parts)));
  rpc.close();
}

/** With hardware, by three of five holders; else with the key as a setting. */
async function start(
  settings: Readonly<Record<string, string>>,
  machine: FakeTsm,
): Promise<Worker> {
  const isHardware = settings['AMD_SEV_SNP'] === 'true';
  const config = parseConfig({
    DATABASE_URL: database.urlFor('enclave_worker'),
    ENCLAVE_HOST: '127.0.0.1',
    ENCLAVE_PORT: endpoint.split(':')[1],
    ENCLAVE_CERTIFICATE_FILE: certificate,
    ...(isHardware ? { ENCLAVE_SUCCESSION_FILE: holders.file } : { ENCRYPTION_KEY: MASTER_KEY }),
    ...callers.settingsIn(folder),
    ...settings,
  });
  const started = startWorker({
    config,
    clock: () => NOW,
    log: (event) => {
      if (event === 'sealed') unsealing = holders.unseal(`127.0.0.1:${config.ENCLAVE_PORT}`);
    },
    tsmFiles: machine.files,
    trustAnchors: await parseTrustAnchors(Buffer.from(authority.rootsPem)),
    codeSha256: () => Promise.resolve(new Uint8Array()),
    stopping: new AbortController().signal,
    step: () => undefined,
    onBug: (error) => {
      throw error;
    },
  });
  let unsealing = Promise.resolve();
  const running = await started;
  await unsealing;
  return running;
}

/** As the worker's route writes it, by the key that the worker has. */
async function signOneHour(): Promise<void> {
  const admin = new pg.Pool({ connectionString: database.url, max: 1 });
  await fixRecordRoot(admin, MASTER_KEY);
  await admin.end();
  const seed = fixedRecordRoot(MASTER_KEY).statementSigningSeed();
  const key = await seed.open((bytes) => signingKeyFromSeed(bytes));
  const [signed] = await signHours(key, '8019b8446b847dc2bbf8478fde13f2d3', [() => ({})]);
  assert(signed !== undefined);
  const store = openStore(database.url, { connectionsMax: 1 });
  await insertAccount(store.db, account);
  const row = { accountId: account.accountId, sequence: 0, hour: SAMPLE_HOUR, keyId: key.keyId };
  const { bytes: body, signature, hash } = signed;
  const links = { hash: Buffer.from(hash, 'hex'), previous: null, restates: null };
  const bytes = { body: Buffer.from(body), signature: Buffer.from(signature) };
  const statement = { ...row, ...bytes, ...links, releaseAt: SAMPLE_HOUR };
  await insertRows(store.db, 'record.statement', [statement]);
  await insertRows(store.db, 'record.hourly_return', [sampleReturn(statement)]);
  await store.close();
}

function run(
  verb: Verb,
  positionals: readonly string[],
  options: Readonly<Record<string, string>>,
): Promise<VerbOutput> {
  return verb.run({ options, positionals, stdin: process.stdin, progress: () => undefined });
}

async function codeAfter(verb: Verb, file: string, options = judged): Promise<unknown> {
  const { document, failed } = await run(verb, [file], options);
  expect(failed).toBe(true);
  return (document as { readonly error: { readonly code: string } }).error.code;
}

/** The file with one change somewhere in its evidence. */
function changed(file: string, name: string, change: (evidence: Evidence) => Evidence): string {
  const json: { evidence?: Evidence } & Evidence = JSON.parse(readFileSync(file, 'utf8'));
  const next =
    json.evidence === undefined ? change(json) : { ...json, evidence: change(json.evidence) };
  return fileOf(name, JSON.stringify(next));
}

interface Evidence {
  readonly report: string;
  readonly binding: Readonly<Record<string, string>>;
}

describe('accepts', () => {
  test('a record of a worker whose keys hardware vouches for', async () => {
    const output = await run(verify, [record], judged);
    expect(output.text).toContain(
      'passed       evidence vouches for the enclave under the given trust anchors, not AMD’s',
    );
    expect(output.document).toMatchObject({
      verdicts: [
        { verdict: 'verified', trustAnchors: 'given', developmentEvidence: false, code: null },
      ],
    });
  });

  test('its evidence by itself, with the keys it is bound to', async () => {
    const { publicKey } = JSON.parse(readFileSync(record, 'utf8')) as { publicKey: string };
    const output = await run(evidenceVerify, [evidence], judged);
    expect(output.document).toMatchObject({
      verdict: 'verified',
      code: null,
      evidence: {
        product: 'Genoa',
        measurement: MEASUREMENT,
        collectedAt: new Date(NOW).toISOString(),
        binding: { statementPublicKey: publicKey, nonce: '' },
      },
    });
    expect(output.failed).toBe(false);
    expect(output.text).toMatch(/^VERIFIED\n {2}Bound to these keys/);
  });

  test('S14 health-is-what-happened, per component', async () => {
    const trust = { rootCertificatePem: readFileSync(certificate, 'utf8') };
    const identity = callers.identityOf('operator');
    const rpc = await connectRpc({ endpoint, trust, deadlineMs: 5_000, identity });
    expect(await rpc.isServing('attestation')).toBe(true);
    rpc.close();
  });
});

describe('refuses', () => {
  test('one byte of the binding changed, in the record and in the evidence', async () => {
    const change = ({ binding, ...rest }: Evidence): Evidence => ({
      ...rest,
      binding: { ...binding, configSha256: `00${binding['configSha256']?.slice(2)}` },
    });
    const other = changed(evidence, 'bound.json', change);
    expect(await codeAfter(evidenceVerify, other)).toBe('POLICY_REPORT_DATA');
    const file = changed(record, 'bound-record.json', change);
    expect(await codeAfter(verify, file)).toBe('POLICY_REPORT_DATA');
  });

  test('evidence of another enclave with a record that its key did not sign', async () => {
    const key = { statementPublicKey: '00'.repeat(32) };
    const file = changed(record, 'key.json', ({ binding, ...rest }) => ({
      ...rest,
      binding: { ...binding, ...key },
    }));
    expect(await codeAfter(verify, file)).toBe('POLICY_REPORT_DATA');
  });

  const rows: readonly (readonly [string, Partial<typeof judged>, string])[] = [
    ['without a policy', { policy: fileOf('empty.json', '{}') }, 'POLICY_MEASUREMENT'],
    [
      'another code',
      { policy: fileOf('code.json', JSON.stringify({ measurements: ['00'.repeat(48)] })) },
      'POLICY_MEASUREMENT',
    ],
    [
      'older firmware than wanted',
      {
        policy: fileOf(
          'tcb.json',
          JSON.stringify({ measurements: [MEASUREMENT], minTcb: { microcode: 255 } }),
        ),
      },
      'POLICY_TCB',
    ],
    [
      'another authority',
      { 'trust-anchors': fileOf('strangers.pem', fakeAmdAuthority().rootsPem) },
      'CHAIN_INVALID',
    ],
  ];
  test.each(rows)('%s', async (_name, change, code) => {
    for (const [verb, file] of [[verify, record] as const, [evidenceVerify, evidence] as const]) {
      expect(await codeAfter(verb, file, { ...judged, ...change })).toBe(code);
    }
  });

  test('an authority that is not AMD, when nobody named another', async () => {
    const { 'trust-anchors': _anchors, ...unnamed } = judged;
    for (const [verb, file] of [[verify, record] as const, [evidenceVerify, evidence] as const]) {
      const output = await run(verb, [file], unnamed);
      expect(output.document).toMatchObject({ error: { code: 'CHAIN_INVALID' } });
    }
  });

  test('development evidence, unless the policy says so', async () => {
    const development = {
      AMD_SEV_SNP: 'false',
      ENCLAVE_MODE: 'development',
      // Whoever runs one of these on loopback may ask it.
      ENCLAVE_CLIENT_CA_FILE: '',
      ENCLAVE_ISSUER_KEY_FILE: '',
      ENCLAVE_TRUST_DOMAIN: '',
    };
    const port = String(await freePort());
    const certificateFile = join(folder, 'development.pem');
    const other = await start(
      { ...development, ENCLAVE_PORT: port, ENCLAVE_CERTIFICATE_FILE: certificateFile },
      tsm,
    );
    const asked = tsm.requests.length;
    const out = { endpoint: `127.0.0.1:${port}`, certificate: certificateFile };
    const output = join(folder, 'development.json');
    const got = await run(evidenceGet, [], { ...out, output });
    expect(got.document).toMatchObject({ insecure: true, statementKeyAnswers: true });
    expect(await codeAfter(evidenceVerify, output)).toBe('EVIDENCE_MALFORMED');
    await run(statementExport, [], { ...out, account: account.accountId, output });
    expect(await codeAfter(verify, output)).toBe('STATEMENT_KEY_UNBOUND');
    const allowed = fileOf('allowed.json', '{"allowDevelopmentEvidence":true}');
    expect(await run(verify, [output], { ...judged, policy: allowed })).toMatchObject({
      failed: false,
    });
    expect(tsm.requests).toHaveLength(asked);
    await other.stop();
  });

  const machines: readonly (readonly [string, (machine: FakeTsm) => void, string])[] = [
    ['S6 no-fallback: no kernel files', ({ fail }) => fail('mkdir', 'ENOENT'), 'tsm.entry'],
    ['S6 no-fallback: no provider', ({ fail }) => fail('mkdir', 'ENXIO'), 'tsm.entry'],
    ['a security processor that refuses', ({ failFirmware }) => failFirmware(), 'tsm.outblob'],
  ];
  test.each(machines)('R56 no start without a report: %s', async (_name, change, place) => {
    for (const mode of ['production', 'development']) {
      const machine = fakeTsm({ authority });
      change(machine);
      const settings = { AMD_SEV_SNP: 'true', ENCLAVE_MODE: mode };
      const refused: unknown = await start(settings, machine).catch((error: unknown) => error);
      expect(codeOf(refused)).toBe('ATTESTATION_UNAVAILABLE');
      expect(refused).toMatchObject({ place });
    }
  });

  test('R56 no start without certificates that could prove the report', async () => {
    const machine = fakeTsm({ authority, certificates: 'none' });
    const settings = { AMD_SEV_SNP: 'true', ENCLAVE_MODE: 'production' };
    const refused: unknown = await start(settings, machine).catch((error: unknown) => error);
    expect(refused).toEqual(new RecordError('ATTESTATION_UNAVAILABLE', { place: 'certificates' }));
  });

  test('R56 production without the setting that asks for hardware', () => {
    const env = { DATABASE_URL: 'postgres://u@h/d', ENCLAVE_SUCCESSION_FILE: 'succession.json' };
    expect(() => parseConfig({ ...env, ENCLAVE_MODE: 'production', AMD_SEV_SNP: 'false' })).toThrow(
      new RecordError('CONFIG_INVALID', { place: 'AMD_SEV_SNP' }),
    );
  });
});

describe('holds', () => {
  test('a remote caller never makes the security processor work', async () => {
    const trust = { rootCertificatePem: readFileSync(certificate, 'utf8') };
    const rpc = await connectRpc({ endpoint, trust, deadlineMs: 30_000 });
    const nonce = new Uint8Array(32);
    // Of the sealed worker and of the one that has its key.
    expect(tsm.requests).toHaveLength(2);
    for (const fresh of [false, true]) {
      const asked = Array.from({ length: 50 }, () => rpc.attestation(nonce, fresh));
      const answers = await Promise.all(asked);
      const texts = answers.map(({ evidence: each }) => Buffer.from(each).toString());
      expect(new Set(texts).size).toBe(1);
      // Within half a minute of the last report nobody gets another one.
      expect(tsm.requests).toHaveLength(2);
    }
    rpc.close();
    expect(tsm.entries()).toEqual([]);
  });

  test('R57 the-raw-report-goes-out: what is exported verifies without the worker', async () => {
    const { report } = JSON.parse(readFileSync(evidence, 'utf8')) as Evidence;
    expect(Buffer.from(report, 'base64')).toHaveLength(1184);
    expect(readFileSync(evidence, 'utf8')).not.toContain('verified');
  });

  test('S4 S5 keys-are-born-inside: bound are those that are served', async () => {
    const trust = { rootCertificatePem: readFileSync(certificate, 'utf8') };
    const rpc = await connectRpc({ endpoint, trust, deadlineMs: 5_000 });
    const answer = await rpc.attestation(new Uint8Array());
    rpc.close();
    const { binding } = JSON.parse(Buffer.from(answer.evidence).toString()) as Evidence;
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    expect(answer.insecure).toBe(false);
    expect(answer.evidenceFormat).toBe('track-record-evidence/1');
    expect(binding['statementPublicKey']).toBe(hex(answer.signingPublicKey));
    expect(binding['intakePublicKey']).toBe(hex(answer.intakePublicKey));
    expect(binding['tlsSpkiSha256']).toBe(hex(answer.tlsSpkiSha256));
    const pinned = await connectRpc({
      endpoint,
      trust: { spkiSha256: Buffer.from(binding['tlsSpkiSha256'] ?? '', 'hex') },
      deadlineMs: 5_000,
    });
    expect(await pinned.isServing('')).toBe(true);
    pinned.close();
  });
});
