// The life of a master key that nobody outside an enclave ever holds whole: split among holders,
// put together in the first enclave, handed to its next release. Evidence is of the fake authority,
// and what goes between the parties is bytes; two-enclaves.test.ts does it with processes
// (regression for field-lessons S1 and R52: the key is no function of the measurement, and outlives
// it).

import { generateKeyPairSync, sign } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Evidence } from '@track-record/attestation';
import { parseTrustAnchors } from '@track-record/attestation/auditor';
import {
  type Binding,
  emptyBinding,
  HPKE_SUITE,
  reportDataOf,
} from '@track-record/attestation/binding';
import { writeEvidence } from '@track-record/attestation/evidence';
import { manifestBytes, parseManifest, verifyRelease } from '@track-record/attestation/manifest';
import { RecordError } from '@track-record/errors';
import { MasterKey, openAccountKeys, openRow } from '@track-record/sealing';
import { sealAccountRoot, sealRow } from '@track-record/sealing';
import {
  type AttestedKey,
  type Quorum,
  sealForPeer,
  sealShare,
  Secret,
  splitMasterKey,
  UnsealSession,
} from '@track-record/sealing/unseal';
import { fakeAmdAuthority, fakeCertificateTable } from '../amd/fake-authority.ts';
import type { ReportOptions } from '../amd/fake-report.ts';

const NOW = Date.UTC(2026, 0, 1);
const SUCCESSION = '5c'.repeat(32);
const MASTER = '5ec2e7'.repeat(10) + '5ec2';
const VCEK_GUID = '63da758d-e664-4564-adc5-f4b93be8accd';
const ASK_GUID = '4ab7b379-bbac-4fe4-a02f-05aef327c782';
const VERSION = { table: 'checkpoint', version: 1 };
const genoa = { product: 'Genoa', signer: 'VCEK' } as const;
const authority = fakeAmdAuthority();
const anchors = await parseTrustAnchors(Buffer.from(authority.rootsPem));
const leaf = authority.leaf(genoa);
const releaseKeys = ['ann', 'bea', 'cem'].map(() => generateKeyPairSync('ed25519'));
const releaseKeyTexts = releaseKeys.map(({ publicKey }) =>
  publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex'),
);
/** Everything that went from one party to another, or was thrown. */
const channels: unknown[] = [];

let quorum: Quorum;
let shares: readonly Secret[];
beforeAll(async () => {
  ({ quorum, shares } = await splitMasterKey(secretOf(MASTER), 3, 5));
  channels.push(quorum);
});

interface Release {
  readonly svn: number;
  /** The byte that its measurement and its code digest are made of. */
  readonly mark: number;
}
const first: Release = { svn: 7, mark: 0x11 };
const next: Release = { svn: 8, mark: 0x22 };

interface Enclave {
  readonly release: Release;
  readonly session: UnsealSession;
  readonly evidence: Evidence;
  readonly reportData: Uint8Array;
}

function secretOf(hex: string): Secret {
  return new Secret(Uint8Array.from(Buffer.from(hex, 'hex')));
}

/** `started` tells one start from another: the key pair is new at each. */
async function boot(
  release: Release,
  started: number,
  report: Partial<ReportOptions> = {},
): Promise<Enclave> {
  const session = await UnsealSession.start(quorum, new Secret(new Uint8Array(32).fill(started)));
  const binding: Binding = {
    ...emptyBinding,
    tlsSpkiSha256: new Uint8Array(32),
    configSha256: new Uint8Array(32),
    codeSha256: new Uint8Array(32).fill(release.mark),
    hpkeSuite: HPKE_SUITE,
    unsealPublicKey: session.publicKey,
    successionSha256: Buffer.from(SUCCESSION, 'hex'),
  };
  const reportData = await reportDataOf(binding);
  const measurement = new Uint8Array(48).fill(release.mark);
  const options = { ...genoa, reportData, measurement, ...report };
  const table = fakeCertificateTable([
    [VCEK_GUID, leaf.der],
    [ASK_GUID, authority.intermediate(genoa)],
  ]);
  const collected = { report: authority.report(options, leaf), certificateTable: table };
  const evidence = writeEvidence(collected, binding, NOW);
  channels.push(evidence);
  return { release, session, evidence, reportData };
}

/** Signed by two of three. */
function manifestOf({ svn, mark }: Release): unknown {
  const byte = mark.toString(16);
  const manifest = parseManifest({
    format: 'track-record-release/1',
    version: '1.0.0',
    svn,
    codeSha256: byte.repeat(32),
    measurements: [{ vcpus: 2, vcpuType: 'EPYC-v4', hex: byte.repeat(48) }],
    minTcb: { '19/11': { microcode: 84 } },
  });
  const signatures = releaseKeys.slice(0, 2).map(({ privateKey }, at) => ({
    key: releaseKeyTexts[at],
    signature: sign(null, manifestBytes(manifest), privateKey).toString('hex'),
  }));
  return { manifest, signatures };
}

/** What a holder does, and an enclave that is asked for its key: two of three keys must agree. */
async function attestedKey(
  evidence: unknown,
  signed: unknown,
  minSvn: number,
): Promise<AttestedKey> {
  const { binding } = await verifyRelease(JSON.parse(JSON.stringify(evidence)), signed, {
    releaseKeys: releaseKeyTexts,
    releaseThreshold: 2,
    minSvn,
    successionSha256: SUCCESSION,
    trustAnchors: anchors,
    now: NOW,
  });
  return { publicKey: binding.unsealPublicKey, reportData: await reportDataOf(binding) };
}

async function shareFor(enclave: Enclave, at: number): Promise<Uint8Array> {
  const share = shares[at];
  if (share === undefined) throw new Error('There is no such share.');
  const manifest = manifestOf(enclave.release);
  const { publicKey, reportData } = await attestedKey(enclave.evidence, manifest, 1);
  const context = { holder: `holder-${at}`, reportData };
  const message = await sealShare(publicKey, share, quorum.keyCommitment, context);
  channels.push(message);
  return message;
}

async function unseal(enclave: Enclave): Promise<MasterKey> {
  for (const at of [4, 0, 2]) {
    const context = { holder: `holder-${at}`, reportData: enclave.reportData };
    await enclave.session.acceptShare(await shareFor(enclave, at), context);
  }
  const master = new MasterKey(await enclave.session.masterKeyOfShares());
  enclave.session.wipe();
  return master;
}

/** What the running enclave gives away. */
async function handOver(
  master: MasterKey,
  ours: Release,
  newcomer: Enclave,
  signed = manifestOf(newcomer.release),
): Promise<Uint8Array> {
  const copy = master.copyForHandOver();
  try {
    const message = await sealForPeer(copy, await attestedKey(newcomer.evidence, signed, ours.svn));
    channels.push(message);
    return message;
  } finally {
    copy.wipe();
  }
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    channels.push(error);
    return error instanceof RecordError ? error.code : String(error);
  }
  return 'accepted';
}

function random(size: number): Uint8Array {
  return new Uint8Array(size).fill(3);
}

describe('accepts', () => {
  test('R52 an-upgrade-keeps-the-key: 3 of 5 holders, then a newer release', async () => {
    const old = await unseal(await boot(first, 1));
    const plaintext = Buffer.from('what was sealed under the first release');
    const root = sealAccountRoot(old, 'a', random);
    const sealed = sealRow(openAccountKeys(old, 'a', root), VERSION, plaintext, random);

    const newcomer = await boot(next, 2);
    const message = await handOver(old, first, newcomer);
    const secret = await newcomer.session.masterKeyOfPeer(message, newcomer.reportData);
    old.wipe();

    const master = new MasterKey(secret);
    const opened = openRow(openAccountKeys(master, 'a', root), VERSION, sealed);
    expect(Buffer.from(opened)).toEqual(plaintext);
  });
});

describe('refuses', () => {
  const wrong = new Uint8Array(48).fill(0x33);
  const cases: readonly (readonly [string, (master: MasterKey) => Promise<unknown>, string])[] = [
    [
      'to hand over to an older release',
      async (master) => handOver(master, next, await boot(first, 2)),
      'MANIFEST_SVN',
    ],
    [
      'to hand over to another measurement',
      async (master) => handOver(master, first, await boot(next, 2, { measurement: wrong })),
      'POLICY_MEASUREMENT',
    ],
    [
      'to hand over to an enclave that may be debugged',
      async (master) => handOver(master, first, await boot(next, 2, { policy: 0xb0000n })),
      'POLICY_DEBUG',
    ],
    [
      'to hand over under the manifest of another release',
      async (master) => handOver(master, first, await boot(next, 2), manifestOf(first)),
      'POLICY_MEASUREMENT',
    ],
    [
      'to hand over to a key that the report does not name',
      async (master) => {
        const newcomer = await boot(next, 2);
        const binding = { ...newcomer.evidence.binding, unsealPublicKey: '00'.repeat(32) };
        const evidence = { ...newcomer.evidence, binding };
        await handOver(master, first, { ...newcomer, evidence });
      },
      'POLICY_REPORT_DATA',
    ],
    [
      'at the holder, an enclave of another measurement',
      async () => shareFor(await boot(first, 2, { measurement: wrong }), 0),
      'POLICY_MEASUREMENT',
    ],
    [
      'a share that was meant for the start before',
      async () => {
        const message = await shareFor(await boot(first, 2), 0);
        const { session, reportData } = await boot(first, 3);
        await session.acceptShare(message, { holder: 'holder-0', reportData });
      },
      'UNSEAL_SHARE_REFUSED',
    ],
    [
      'a hand-over that was meant for another newcomer',
      async (master) => {
        const message = await handOver(master, first, await boot(next, 2));
        const { session, reportData } = await boot(next, 3);
        await session.masterKeyOfPeer(message, reportData);
      },
      'HANDOVER_REFUSED',
    ],
  ];
  test.each(cases)('%s', async (_name, attempt, code) => {
    const master = await unseal(await boot(first, 1));
    expect(await refusalOf(attempt(master))).toBe(code);
  });
});

describe('holds', () => {
  test('no channel carried the key', () => {
    expect(channels.length).toBeGreaterThan(20);
    expect(channels.filter(showsKey)).toEqual([]);
  });

  test('and the search would have found it', () => {
    const bytes = Buffer.from(MASTER, 'hex');
    const planted = [MASTER, bytes, new Uint8Array(bytes), { key: [...bytes] }, new Error(MASTER)];
    expect(planted.every(showsKey)).toBe(true);
  });
});

function showsKey(sent: unknown): boolean {
  const key = Buffer.from(MASTER, 'hex');
  const bytes = sent instanceof Uint8Array ? [Buffer.from(sent).toString('hex')] : [];
  const shown = [...bytes, JSON.stringify(sent), inspect(sent, { depth: null, showHidden: true })];
  const spellings = [MASTER, key.toString('base64'), [...key].join(','), [...key].join(', ')];
  return shown.some((text) => spellings.some((spelling) => text.includes(spelling)));
}
