// Release manifests, signed here with Node's own Ed25519 over bytes that are written down by hand.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import fc from 'fast-check';
import { fakeAmdAuthority } from '../../testkit/src/amd/fake-authority.ts';
import { type EvidenceChange, fakeEvidence } from '../../testkit/src/amd/fake-evidence.ts';
import { bindingFields, type Binding } from './binding.ts';
import { parseTrustAnchors } from './auditor/index.ts';
import { checkReport, parseReport, verifyReport } from './index.ts';
import {
  checkRelease,
  manifestBytes,
  parseManifest,
  policyOf,
  verifyManifest,
} from './manifest.ts';

const NOW = Date.UTC(2026, 0, 1);
const CODE = 'c0'.repeat(32);
const OURS = '4d'.repeat(48);
const MANIFEST = {
  format: 'track-record-release/1',
  version: '1.2.3',
  svn: 7,
  codeSha256: CODE,
  measurements: [
    { vcpus: 1, vcpuType: 'EPYC-v4', hex: 'aa'.repeat(48) },
    { vcpus: 2, vcpuType: 'EPYC-v4', hex: OURS },
  ],
  minTcb: { '19/11': { bootloader: 10, snp: 23, microcode: 84 }, '19/a0': { microcode: 27 } },
};
const SIGNED_TEXT = [
  'track-record-release/1\0{"format":"track-record-release/1","version":"1.2.3","svn":7,',
  `"codeSha256":"${CODE}","measurements":[`,
  `{"vcpus":1,"vcpuType":"EPYC-v4","hex":"${'aa'.repeat(48)}"},`,
  `{"vcpus":2,"vcpuType":"EPYC-v4","hex":"${OURS}"}],`,
  '"minTcb":{"19/11":{"bootloader":10,"snp":23,"microcode":84},"19/a0":{"microcode":27}}}',
].join('');

interface Signer {
  readonly key: string;
  readonly privateKey: KeyObject;
}

function signer(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  return { key: raw.toString('hex'), privateKey };
}

const [ann, bea, cem, eve] = [signer(), signer(), signer(), signer()];
const releaseKeys = [ann, bea, cem].map(({ key }) => key);

function signature(by: Signer, text = SIGNED_TEXT): { key: string; signature: string } {
  return { key: by.key, signature: sign(null, Buffer.from(text), by.privateKey).toString('hex') };
}

function signedBy(...signers: readonly Signer[]): unknown {
  return { manifest: MANIFEST, signatures: signers.map((by) => signature(by)) };
}

async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
  }
  return 'accepted';
}

function bindingOf(codeSha256: string): Binding {
  const nothing = Object.fromEntries(bindingFields.map((name) => [name, new Uint8Array(0)]));
  const codeBytes = Buffer.from(codeSha256, 'hex');
  return { ...(nothing as Binding), codeSha256: codeBytes };
}

const authority = fakeAmdAuthority();
const anchors = await parseTrustAnchors(Buffer.from(authority.rootsPem));

/** What the release's policy says of a report. */
async function verdictOn(change: EvidenceChange, manifest: unknown = MANIFEST): Promise<string> {
  const text = new TextDecoder().decode(manifestBytes(parseManifest(manifest)));
  const signed = { manifest, signatures: [signature(ann, text)] };
  const policy = policyOf(await verifyManifest(signed, releaseKeys, 1));
  const { report, endorsements } = fakeEvidence(authority, change);
  const verified = await verifyReport(parseReport(report), endorsements, anchors, NOW);
  const reportData = [verified.fields.reportData];
  return await refusalOf(() => checkReport(verified, { ...policy, reportData }));
}

describe('accepts', () => {
  test('a manifest that two of three signed', async () => {
    const manifest = await verifyManifest(signedBy(ann, cem), releaseKeys, 2);
    expect(manifest).toMatchObject(MANIFEST);
  });

  test('in whatever order its members came', async () => {
    const shuffled = Object.fromEntries(Object.entries(MANIFEST).toReversed());
    const minTcb = Object.fromEntries(Object.entries(MANIFEST.minTcb).toReversed());
    const manifest = parseManifest({ ...shuffled, minTcb });
    expect(new TextDecoder().decode(manifestBytes(manifest))).toBe(SIGNED_TEXT);
  });

  test('with a strange signature besides', async () => {
    const signed = signedBy(eve, ann, bea);
    await expect(verifyManifest(signed, releaseKeys, 2)).resolves.toMatchObject(MANIFEST);
  });

  test('a report of one of its measurements on firmware that is new enough', async () => {
    expect(await verdictOn({})).toBe('accepted');
  });

  test.each([7, 6, 0])('a successor of svn %d', async (ours) => {
    const manifest = await verifyManifest(signedBy(ann), releaseKeys, 1);
    expect(await refusalOf(() => checkRelease(manifest, bindingOf(CODE), ours))).toBe('accepted');
  });
});

describe('refuses', () => {
  const [row] = MANIFEST.measurements;
  const malformed: readonly (readonly [string, object, string])[] = [
    ['another format', { format: 'track-record-release/2' }, 'format'],
    ['an unknown field', { notes: '' }, ''],
    ['no version', { version: '' }, 'version'],
    ['a version with white space', { version: '1.2.3\n' }, 'version'],
    ['a negative svn', { svn: -1 }, 'svn'],
    ['an svn that is a text', { svn: '7' }, 'svn'],
    ['an svn of 33 bits', { svn: 2 ** 32 }, 'svn'],
    ['a short digest', { codeSha256: CODE.slice(2) }, 'codeSha256'],
    ['a digest in upper case', { codeSha256: CODE.toUpperCase() }, 'codeSha256'],
    ['no measurement', { measurements: [] }, 'measurements'],
    ['too many measurements', { measurements: Array(1001).fill(row) }, 'measurements'],
    ['a short measurement', { measurements: [{ ...row, hex: 'aa' }] }, 'measurements'],
    ['no vCPU', { measurements: [{ ...row, vcpus: 0 }] }, 'measurements'],
    ['a type that is a path', { measurements: [{ ...row, vcpuType: '../x' }] }, 'measurements'],
    ['an unknown field of a row', { measurements: [{ ...row, svn: 1 }] }, 'measurements'],
    ['a row that is none', { measurements: [OURS] }, 'measurements'],
    ['no firmware', { minTcb: null }, 'minTcb'],
    ['another spelling of a model', { minTcb: { '19/A0': {} } }, 'minTcb'],
    ['an unknown component', { minTcb: { '19/11': { ucode: 1 } } }, 'minTcb'],
    ['a component of nine bits', { minTcb: { '19/11': { snp: 256 } } }, 'minTcb'],
  ];
  test.each(malformed)('%s', async (_name, change, field) => {
    const place = field === '' ? 'manifest' : `manifest.${field}`;
    const attempt = (): unknown => parseManifest({ ...MANIFEST, ...change });
    expect(await refusalOf(attempt)).toBe(`MANIFEST_MALFORMED ${place}`);
  });

  const other = { ...MANIFEST, svn: 8 };
  const unsigned: readonly (readonly [string, unknown, string])[] = [
    ['one of two', signedBy(ann), 'MANIFEST_UNSIGNED null'],
    ['one twice', signedBy(ann, ann, ann), 'MANIFEST_UNSIGNED null'],
    ['one and a stranger', signedBy(ann, eve), 'MANIFEST_UNSIGNED null'],
    [
      'another manifest',
      { manifest: other, signatures: [signature(ann), signature(bea)] },
      'MANIFEST_UNSIGNED null',
    ],
    [
      'another label',
      { manifest: MANIFEST, signatures: [ann, bea].map((by) => signature(by, 'x'.repeat(9))) },
      'MANIFEST_UNSIGNED null',
    ],
    [
      'a signature under another name',
      { manifest: MANIFEST, signatures: [signature(ann), { ...signature(ann), key: bea.key }] },
      'MANIFEST_UNSIGNED null',
    ],
    ['nobody', { manifest: MANIFEST, signatures: [] }, 'MANIFEST_MALFORMED release.signatures'],
    [
      'more than anybody reads',
      signedBy(...Array<Signer>(65).fill(ann)),
      'MANIFEST_MALFORMED release.signatures',
    ],
    [
      'a short signature',
      { manifest: MANIFEST, signatures: [{ key: ann.key, signature: '00' }] },
      'MANIFEST_MALFORMED release.signatures',
    ],
    ['nothing at all', MANIFEST, 'MANIFEST_MALFORMED release'],
    ['null', null, 'MANIFEST_MALFORMED release'],
  ];
  test.each(unsigned)('signed by %s', async (_name, signed, refusal) => {
    expect(await refusalOf(() => verifyManifest(signed, releaseKeys, 2))).toBe(refusal);
  });

  test.each([
    ['no signature wanted', releaseKeys, 0],
    ['more than there are keys', releaseKeys, 4],
    ['two of one key', [ann.key, ann.key], 2],
    ['no number', releaseKeys, Number.NaN],
    ['a key that is none', [...releaseKeys, 'key'], 2],
  ])('release keys: %s', async (_name, keys, threshold) => {
    const attempt = (): unknown => verifyManifest(signedBy(ann, bea), keys, threshold);
    expect(await refusalOf(attempt)).toBe('CONFIG_INVALID releaseKeys');
  });

  const kind = { product: 'Turin', signer: 'VCEK' } as const;
  const reports: readonly (readonly [string, EvidenceChange, string])[] = [
    ['of another measurement', { report: { measurement: Buffer.alloc(48) } }, 'MEASUREMENT'],
    ['of a guest that may be debugged', { report: { policy: 0xb0000n } }, 'DEBUG'],
    ['from a processor it does not name', { leaf: kind, report: kind }, 'TCB'],
    ['that names no processor', { report: { version: 2 } }, 'VERSION'],
  ];
  test.each(reports)('a report %s', async (_name, change, code) => {
    expect(await verdictOn(change)).toMatch(`POLICY_${code} `);
  });

  test('a report from old firmware', async () => {
    const minTcb = { '19/11': { microcode: 85 } };
    expect(await verdictOn({}, { ...MANIFEST, minTcb })).toBe('POLICY_TCB policy.tcb');
  });

  test('a successor of a lower svn, and one that names other code', async () => {
    const manifest = await verifyManifest(signedBy(ann), releaseKeys, 1);
    const lower = (): unknown => checkRelease(manifest, bindingOf(CODE), 8);
    const otherCode = (): unknown => checkRelease(manifest, bindingOf('c1'.repeat(32)), 7);
    expect(await refusalOf(lower)).toBe('MANIFEST_SVN null');
    expect(await refusalOf(otherCode)).toBe('POLICY_CODE null');
  });
});

describe('holds', () => {
  test('whatever is put in place of a member reads back as itself or is refused', () =>
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(MANIFEST)), fc.jsonValue(), (name, value) => {
        try {
          const text = JSON.stringify(parseManifest({ ...MANIFEST, [name]: value }));
          // What is accepted reads back as itself: two manifests never have one text.
          expect(JSON.stringify(parseManifest(JSON.parse(text)))).toBe(text);
        } catch (error) {
          expect(codeOf(error)).toBe('MANIFEST_MALFORMED');
        }
      }),
    ));
});
