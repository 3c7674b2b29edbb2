// A master key's way through two releases, with worker processes, the verbs that holders run, and
// an owner's client that is not ours: boot, unsealing by three of five holders, intake, a
// synchronisation, hand-over to the next release, and the old enclave gone. Every channel is
// searched for the key. The machines are fake, and so is who vouches for them.

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reportDataOf, type Binding } from '@track-record/attestation/binding';
import { manifestBytes, parseManifest } from '@track-record/attestation/manifest';
import { writeEvidence } from '@track-record/attestation/evidence';
import { codeOf } from '@track-record/errors';
import type { RpcClient } from '@track-record/rpc/client';
import { Secret, sealShare } from '@track-record/sealing/unseal';
import { verifyChain } from '@track-record/statement';
import { migrate } from '@track-record/store';
import * as embedded from '@track-record/store/embedded';
import type { Verb } from '../../../cli/src/verb.ts';
import { keysSplit } from '../../../cli/src/verbs/keys-split.ts';
import { unseal } from '../../../cli/src/verbs/unseal.ts';
import { combineShares } from '../../../sealing/src/unseal/quorum.ts';
import { fakeAmdAuthority, fakeCertificateTable } from '../amd/fake-authority.ts';
import { freePort, startWorkerProcess, type WorkerProcess } from '../demo/stage.ts';
import { prefixed, sealByWebCrypto } from '../hpke/seal-by-webcrypto.ts';
import { AT_ONCE, ACCOUNT, openSite, OWNER, type Site } from '../route/site.ts';
import { CONNECTED_AT, HOUR_MS, LAST_BACKFILLED, scenario, START } from '../route/small-account.ts';
import { fakeTsm } from '../tsm/fake-tsm.ts';
import { bindingOf, connectWhenOpen } from './holders.ts';
import { serveTsm, type RemoteTsm } from './remote-tsm.ts';

const PATIENCE_MS = 30_000;
const CANARY = `CANARY${randomBytes(8).toString('hex')}`;
const AT = new Date(CONNECTED_AT).toISOString();
const genoa = { product: 'Genoa', signer: 'VCEK' } as const;
const folder = mkdtempSync(join(tmpdir(), 'track-record-two-enclaves-'));
const authority = fakeAmdAuthority();
const anchors = file('anchors.pem', authority.rootsPem);
const releaseKeys = [0, 1, 2].map(() => generateKeyPairSync('ed25519'));
const releaseKeyTexts = releaseKeys.map(({ publicKey }) =>
  publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex'),
);

interface Release {
  readonly svn: number;
  /** The byte that its measurement and its code digest are made of, in hex. */
  readonly mark: string;
}
const first: Release = { svn: 7, mark: '11' };
const next: Release = { svn: 8, mark: '22' };
const older: Release = { svn: 6, mark: '33' };

interface Enclave {
  readonly process: WorkerProcess;
  readonly endpoint: string;
  readonly rpc: RpcClient;
}

let postgres: embedded.EmbeddedPostgres;
let site: Site;
let succession: string;
let running: Enclave;
let successor: Enclave;
let stranger: Enclave;
/** Sealed to the first enclave, and taken there. */
let takenShare: Uint8Array;
const machines: RemoteTsm[] = [];
const enclaves: Enclave[] = [];
/** What went over a wire or was shown to somebody. */
const shown: string[] = [];
const refusals = new Map<string, string>();
let answeredBefore: Awaited<ReturnType<RpcClient['attestation']>>;
let answeredAfter: typeof answeredBefore;

beforeAll(async () => {
  const options = { directory: null, durable: true, random: randomBytes };
  postgres = await embedded.startEmbeddedPostgres(options);
  await migrate(postgres.url);
  const logins = await embedded.createLogins(postgres.url, randomBytes);
  const database = { url: postgres.url, urlFor: (role: keyof typeof logins) => logins[role] };
  site = await openSite({ scenario, database, masterKey: null, now: CONNECTED_AT });
  await site.admin.query(`alter database postgres set log_statement = 'all'`);
  await site.admin.query(`create table public.canary as select '${CANARY}' as text`);

  await run(keysSplit, {
    threshold: '3',
    holders: '5',
    'release-keys': releaseKeyTexts.join(','),
    'release-threshold': '2',
    output: join(folder, 'ceremony'),
  });
  succession = join(folder, 'ceremony/succession.json');
  await boot();
  await record();
  await upgrade();
  await site.admin.query('checkpoint');
}, 90_000);

afterAll(async () => {
  for (const { rpc, process } of enclaves) {
    rpc.close();
    await process.stop();
  }
  for (const machine of machines) machine.close();
  await site.close();
  await postgres.stop();
  rmSync(folder, { recursive: true });
});

/** The first enclave, until it has its key from three of five. */
async function boot(): Promise<void> {
  running = await start(first);
  const { rpc, endpoint } = running;
  note('sealed, asked for accounts', await codeOfWork(rpc.statusOf(OWNER, null)));
  note('sealed, asked for the key', await codeOfWork(rpc.handOver(new Uint8Array(), Buffer.of())));
  note('sealed, serving', String(await rpc.isServing('')));
  note('another release', await holder(endpoint, 1, next).then(String, codeOf));
  const strict = { 'min-svn': '8' };
  note('an old release', await holder(endpoint, 1, first, strict).then(String, codeOf));
  const production = { development: undefined };
  note('another mode', await holder(endpoint, 1, first, production).then(String, codeOf));
  expect(await holder(endpoint, 1, first)).toMatchObject({ held: 1, threshold: 3 });
  note('a share twice', await holder(endpoint, 1, first).then(String, codeOf));
  const binding = await bindingOf(rpc);
  const context = { holder: 'holder-2', reportData: await reportDataOf(binding) };
  const { keyCommitment } = readQuorum();
  takenShare = await sealShare(binding.unsealPublicKey, shareAt(2), keyCommitment, context);
  await rpc.submitShare('holder-2', takenShare);
  shown.push(Buffer.from(takenShare).toString('hex'));
  expect(await holder(endpoint, 5, first)).toMatchObject({ held: 3, threshold: 3 });
  await untilLogged(running, '"event":"started"');
}

/** The owner's client seals to what the evidence says, and the account is brought up to date. */
async function record(): Promise<void> {
  answeredBefore = await running.rpc.attestation(randomBytes(32));
  const { intakePublicKey } = await bindingOf(running.rpc);
  const sealedCredentials = await sealByWebCrypto({
    publicKey: intakePublicKey,
    magic: 'TRI\x01',
    info: 'track-record/v1/intake',
    context: [
      ['owner', OWNER],
      ['venue', 'binance'],
      ['account', ACCOUNT],
    ],
    plaintext: prefixed(Object.entries(scenario.credentials).flat()),
  });
  const identity = { accountId: ACCOUNT, ownerId: OWNER, venue: 'binance' };
  const historyFrom = scenario.start;
  const sealed = { ...identity, sealedCredentials, historyFrom, disclosure: AT_ONCE };
  await site.gateway.connectAccount(sealed);
  await site.untilSigned(LAST_BACKFILLED);
}

/** What must not get the key asks first; then the next release does, and the old enclave goes. */
async function upgrade(): Promise<void> {
  stranger = await start(older, { ENCLAVE_PEER: running.endpoint });
  await untilLogged(stranger, '"event":"hand-over-failed"');
  note('a lower svn', /"code":"(\w+)"/.exec(stranger.process.log())?.[1] ?? '');
  note('a replayed share', await codeOfWork(stranger.rpc.submitShare('holder-2', takenShare)));
  const wrong = new Uint8Array(48).fill(0x44);
  note('a wrong measurement', await asked(next, { measurement: wrong }));
  note('a guest that may be debugged', await asked(next, { policy: 0xb0000n }));
  const other = { successionSha256: new Uint8Array(32) };
  note('another succession', await asked(next, {}, other));
  note('another code', await asked(next, {}, { codeSha256: new Uint8Array(32) }));
  note('a manifest that one key signed', await asked(next, {}, {}, 1));

  successor = await start(next, { ENCLAVE_PEER: running.endpoint });
  await untilLogged(successor, '"event":"started"');
  await running.process.stop();
  note('a share when there is a key', await codeOfWork(successor.rpc.submitShare('a', takenShare)));
  answeredAfter = await successor.rpc.attestation(randomBytes(32));
  for (const each of [answeredBefore, answeredAfter]) {
    shown.push(Buffer.from(each.evidence).toString());
  }
  site.setClock(CONNECTED_AT + HOUR_MS);
  await site.gateway.enqueueSync(ACCOUNT, LAST_BACKFILLED + HOUR_MS);
  await site.untilSigned(LAST_BACKFILLED + HOUR_MS);
}

describe('accepts', () => {
  test('three of five holders, and what the first enclave wrote opens in the second', async () => {
    expect(answeredAfter.insecure).toBe(false);
    expect(answeredAfter.signingPublicKey).toEqual(answeredBefore.signingPublicKey);
    expect(answeredAfter.intakePublicKey).toEqual(answeredBefore.intakePublicKey);
    const statements = [];
    const window = { fromMs: START, toMs: START + 100 * HOUR_MS };
    for await (const { body, signature } of site.gateway.statements(ACCOUNT, window)) {
      statements.push({ bytes: body, signature });
    }
    const chain = await verifyChain(statements, answeredAfter.signingPublicKey);
    expect(chain.hours.at(-1)?.body.hour).toBe(
      new Date(LAST_BACKFILLED + HOUR_MS).toISOString().replace('.000Z', 'Z'),
    );
    expect(running.process.log()).toContain('"event":"handed-over"');
    expect(running.process.child.exitCode).toBe(0);
  });
});

describe('refuses', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['sealed, asked for accounts', 'ENCLAVE_SEALED'],
    ['sealed, asked for the key', 'ENCLAVE_SEALED'],
    ['sealed, serving', 'false'],
    ['another release', 'POLICY_MEASUREMENT'],
    ['an old release', 'MANIFEST_SVN'],
    ['another mode', 'POLICY_SUCCESSION'],
    ['a share twice', 'UNSEAL_SHARE_REFUSED'],
    ['a lower svn', 'MANIFEST_SVN'],
    ['a replayed share', 'UNSEAL_SHARE_REFUSED'],
    ['a wrong measurement', 'POLICY_MEASUREMENT'],
    ['a guest that may be debugged', 'POLICY_DEBUG'],
    ['another succession', 'POLICY_SUCCESSION'],
    ['another code', 'POLICY_CODE'],
    ['a manifest that one key signed', 'MANIFEST_UNSIGNED'],
    ['a share when there is a key', 'UNSEAL_SHARE_REFUSED'],
  ];
  test.each(rows)('%s: %s', (name, code) => {
    expect(refusals.get(name)).toBe(code);
  });
});

describe('holds', () => {
  test('no channel carried the key or a share: processes, calls, files, log', async () => {
    const needles = await keyNeedles();
    const texts = [...enclaves.map(({ process }) => process.log()), ...shown].join('\n');
    expect(texts.length).toBeGreaterThan(5_000);
    const isIn = (content: Buffer): string[] =>
      [...needles].filter(([, needle]) => content.includes(needle)).map(([name]) => name);
    expect(isIn(Buffer.from(texts))).toEqual([]);
    const root = dirname(postgres.dataDirectory);
    let canaries = 0;
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const content = readFileSync(join(entry.parentPath, entry.name));
      canaries += content.includes(CANARY) ? 1 : 0;
      expect([entry.name, isIn(content)]).toEqual([entry.name, []]);
    }
    expect(canaries).toBeGreaterThan(1);
  });

  test('and the search would have found it, and shares are for their holders’ eyes', async () => {
    const share = readFileSync(join(folder, 'ceremony/share-1'));
    const needles = await keyNeedles();
    expect([...needles.values()].some((needle) => share.includes(needle))).toBe(true);
    const { mode } = statSync(join(folder, 'ceremony/share-1'));
    expect(mode & 0o777).toBe(0o600);
  });
});

/** The process on a machine of its own, until its door is open. */
async function start(
  release: Release,
  settings: Readonly<Record<string, string>> = {},
): Promise<Enclave> {
  const { mark } = release;
  const measurement = Buffer.from(mark.repeat(48), 'hex');
  const machine = await serveTsm(fakeTsm({ authority, report: { measurement } }).files);
  machines.push(machine);
  const endpoint = `127.0.0.1:${await freePort()}`;
  const process = startWorkerProcess(
    {
      ...site.world,
      AMD_SEV_SNP: 'true',
      ENCLAVE_PORT: endpoint.split(':')[1] ?? '',
      ENCLAVE_SUCCESSION_FILE: succession,
      ENCLAVE_RELEASE_FILE: file(`release-${mark}.json`, JSON.stringify(signed(release, 2))),
      ...settings,
    },
    join(folder, `enclave-${mark}.log`),
    [
      '--conditions=@track-record/source',
      join(import.meta.dirname, 'enclave-process.ts'),
      machine.url,
      anchors,
      mark.repeat(32),
    ],
  );
  const enclave = { process, endpoint, rpc: await connectWhenOpen(endpoint) };
  enclaves.push(enclave);
  return enclave;
}

/** What a holder runs, and what it prints. */
async function holder(
  endpoint: string,
  number: number,
  release: Release,
  change: Readonly<Record<string, string | boolean | undefined>> = {},
): Promise<unknown> {
  return await run(unseal, {
    endpoint,
    holder: `holder-${number}`,
    share: join(folder, `ceremony/share-${number}`),
    succession,
    release: file(`held-${release.mark}.json`, JSON.stringify(signed(release, 2))),
    'min-svn': '0',
    at: AT,
    'trust-anchors': anchors,
    development: true,
    ...change,
  });
}

async function run(
  verb: Verb,
  options: Readonly<Record<string, string | boolean | undefined>>,
): Promise<unknown> {
  const { document, text } = await verb.run({
    options,
    positionals: [],
    stdin: process.stdin,
    progress: (line) => shown.push(line),
  });
  shown.push(JSON.stringify(document), text);
  return document;
}

/** What the running enclave answers to evidence that differs from the next release's. */
async function asked(
  release: Release,
  report: Readonly<Record<string, unknown>>,
  change: Partial<Binding> = {},
  signatures = 2,
): Promise<string> {
  const bound = await bindingOf(stranger.rpc);
  const codeSha256 = Buffer.from(release.mark.repeat(32), 'hex');
  const binding = { ...bound, codeSha256, ...change };
  const leaf = authority.leaf(genoa);
  const measurement = Buffer.from(release.mark.repeat(48), 'hex');
  const reportData = await reportDataOf(binding);
  const reportOf = { ...genoa, reportData, measurement, ...report };
  const collected = {
    report: authority.report(reportOf, leaf),
    certificateTable: fakeCertificateTable([
      ['63da758d-e664-4564-adc5-f4b93be8accd', leaf.der],
      ['4ab7b379-bbac-4fe4-a02f-05aef327c782', authority.intermediate(genoa)],
    ]),
  };
  const evidence = JSON.stringify(writeEvidence(collected, binding, CONNECTED_AT));
  const manifest = JSON.stringify(signed(release, signatures));
  shown.push(evidence, manifest);
  return await codeOfWork(running.rpc.handOver(Buffer.from(evidence), Buffer.from(manifest)));
}

function signed({ svn, mark }: Release, count: number): unknown {
  const manifest = parseManifest({
    format: 'track-record-release/1',
    version: `1.${svn}.0`,
    svn,
    codeSha256: mark.repeat(32),
    measurements: [{ vcpus: 2, vcpuType: 'EPYC-v4', hex: mark.repeat(48) }],
    minTcb: { '19/11': { microcode: 84 } },
  });
  const signatures = releaseKeys.slice(0, count).map(({ privateKey }, at) => ({
    key: releaseKeyTexts[at],
    signature: sign(null, manifestBytes(manifest), privateKey).toString('hex'),
  }));
  return { manifest, signatures };
}

/** The key and every share, in each spelling that a careless line might have. */
async function keyNeedles(): Promise<ReadonlyMap<string, Buffer>> {
  const shares = [1, 2, 3, 4, 5].map(shareAt);
  const master = await combineShares(shares.slice(0, 3));
  const found = new Map<string, Buffer>();
  for (const [index, secret] of [master, ...shares].entries()) {
    const name = index === 0 ? 'key' : `share ${index}`;
    const bytes = secret.open((each) => Buffer.from(each));
    found.set(name, bytes);
    found.set(`${name} in hex`, Buffer.from(bytes.toString('hex')));
    found.set(`${name} in base64`, Buffer.from(bytes.toString('base64')));
    found.set(`${name} as numbers`, Buffer.from([...bytes].join(',')));
    found.set(`${name} as JSON`, Buffer.from(JSON.stringify(bytes)));
  }
  return found;
}

function shareAt(number: number): Secret {
  const text = readFileSync(join(folder, `ceremony/share-${number}`), 'utf8');
  return new Secret(new Uint8Array(Buffer.from(text, 'base64')));
}

function readQuorum(): { readonly keyCommitment: string } {
  const { quorum }: { quorum: { keyCommitment: string } } = JSON.parse(
    readFileSync(succession, 'utf8'),
  );
  return quorum;
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function note(name: string, outcome: string): void {
  refusals.set(name, outcome);
  shown.push(outcome);
}

function codeOfWork(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'answered', codeOf);
}

async function untilLogged({ process }: Enclave, text: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!process.log().includes(text)) {
    if (process.child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`It did not come about:\n${process.log()}`);
    }
    await wait(50);
  }
}
