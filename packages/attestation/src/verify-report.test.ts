// The verifier against chains and reports of the fake authority, where every part can be wrong on
// purpose. Genuine reports are in verify-report-vectors.test.ts.

import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { AMD_ARC, fakeAmdAuthority } from '../../testkit/src/amd/fake-authority.ts';
import { FAKE_CHIP, type FakeProduct } from '../../testkit/src/amd/fake-chip.ts';
import { type EvidenceChange, fakeEvidence } from '../../testkit/src/amd/fake-evidence.ts';
import { der, sequence } from '../../testkit/src/der-writer.ts';
import { parseTrustAnchors } from './auditor/index.ts';
import {
  amdTrustAnchors,
  parseReport,
  type TrustAnchors,
  type VerifiedReport,
  verifyReport,
} from './index.ts';

const NOW = Date.UTC(2026, 0, 1);
const authority = fakeAmdAuthority();
const stranger = fakeAmdAuthority();
const anchors = await parseTrustAnchors(Buffer.from(authority.rootsPem));
const products: readonly FakeProduct[] = ['Milan', 'Genoa', 'Turin'];
const signers = ['VCEK', 'VLEK'] as const;

interface Change extends EvidenceChange {
  readonly anchors?: TrustAnchors;
  readonly now?: number;
}

async function attempt(change: Change): Promise<VerifiedReport> {
  const { report, endorsements } = fakeEvidence(authority, change);
  const { anchors: roots = anchors, now = NOW } = change;
  return await verifyReport(parseReport(report), endorsements, roots, now);
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'accepted',
    (caught: unknown) => caught,
  );
  return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
}

function extension(id: string, value: Uint8Array | null): Change {
  return { leaf: { extensions: { [`${AMD_ARC}${id}`]: value } } };
}

function patch(offset: number, ...bytes: number[]): Change {
  return { after: (report) => overwritten(report, offset, bytes) };
}

function overwritten(report: Buffer, offset: number, bytes: readonly number[]): Buffer {
  report.set(bytes, offset);
  return report;
}

function patchSigned(offset: number, ...bytes: number[]): Change {
  return { report: { alter: (report) => report.set(bytes, offset) } };
}

function integer(...bytes: number[]): Buffer {
  return der(0x02, Buffer.from(bytes));
}

function listOf(...revoked: number[]): Change {
  const times = { thisUpdate: NOW - 1000, nextUpdate: NOW + 1000 };
  return { revocationList: authority.revocationList({ product: 'Genoa', revoked, ...times }) };
}

describe('accepts', () => {
  for (const product of products) {
    for (const signer of signers) {
      test.each([2, 3, 4, 5])(
        `a ${product} report under a ${signer}, version %i`,
        async (version) => {
          const kind = { product, signer };
          const verified = await attempt({ leaf: kind, report: { ...kind, version } });
          expect(verified).toMatchObject({ product, revocation: 'not checked' });
          expect(verified.fields).toMatchObject({ version, signer, vmpl: 0, debug: false });
          expect(verified.cspId === null).toBe(signer === 'VCEK');
        },
      );
    }
  }

  test('a chip id that looks like a DER value, byte for byte', async () => {
    const { fields } = await attempt({});
    expect(fields.chipId).toBe(FAKE_CHIP.toString('hex'));
    expect(fields.chipId.startsWith('0406')).toBe(true);
  });

  test('Siena and Bergamo as Genoa', async () => {
    const verified = await attempt({ report: { cpu: [0x19, 0xaf, 2] } });
    expect(verified.product).toBe('Genoa');
  });

  test('a revocation list that leaves the issuer alone, and says it was checked', async () => {
    expect((await attempt(listOf())).revocation).toBe('checked');
    expect((await attempt(listOf(0x02, 0x80))).revocation).toBe('checked');
  });

  test('an issuer that is known by its key, without its certificate', async () => {
    const kind = { product: 'Genoa', signer: 'VCEK' } as const;
    const known = await parseTrustAnchors(authority.intermediate(kind));
    const both = { roots: anchors.roots, intermediates: known.intermediates };
    expect((await attempt({ intermediate: null, anchors: both })).product).toBe('Genoa');
  });
});

describe('refuses', () => {
  const report: readonly (readonly [string, Change, string])[] = [
    ['a byte too few', { after: (bytes) => bytes.subarray(1) }, 'report.length'],
    ['a trailing byte', { after: (it) => Buffer.concat([it, Buffer.alloc(1)]) }, 'report.length'],
    ['an empty report', { after: () => Buffer.alloc(0) }, 'report.length'],
    ['version 0', patchSigned(0x000, 0), 'report.version'],
    ['version 1', patchSigned(0x000, 1), 'report.version'],
    ['version 6', patchSigned(0x000, 6), 'report.version'],
    ['a version above one byte', patchSigned(0x000, 3, 1), 'report.version'],
    ['policy bit 17 off', { report: { policy: 0x10000n } }, 'report.policy'],
    ['policy bit 26 on', { report: { policy: 0x4030000n } }, 'report.policy'],
    ['a report for the host', { report: { vmpl: 0xffffffff } }, 'report.vmpl'],
    ['another signature algorithm', patchSigned(0x034, 2), 'report.signatureAlgorithm'],
    ['bit 5 of the signer information', patchSigned(0x048, 0x20), 'report.signerInfo'],
    ['signing key 7: none', patchSigned(0x048, 7 << 2), 'report.signingKey'],
    ['signing key 2: reserved', patchSigned(0x048, 2 << 2), 'report.signingKey'],
    ['a reserved byte', patchSigned(0x04d, 1), 'report.reserved'],
    [
      'CPUID in version 2',
      { report: { version: 2, alter: (it) => it.set([1], 0x188) } },
      'report.reserved',
    ],
    [
      'mitigations in version 4',
      { report: { version: 4, alter: (it) => it.set([1], 0x1f8) } },
      'report.reserved',
    ],
    [
      'a byte behind the mitigations',
      { report: { version: 5, alter: (it) => it.set([1], 0x208) } },
      'report.reserved',
    ],
    ['a byte above r', patch(0x2a0 + 48, 1), 'report.reserved'],
    ['a byte above s', patch(0x2e8 + 71, 1), 'report.reserved'],
    ['a byte behind the signature', patch(0x49f, 1), 'report.reserved'],
    ['an unknown processor', { report: { cpu: [0x1a, 0x50, 0] } }, 'report.cpu'],
    [
      'a reserved byte of a TCB',
      { report: { tcb: Buffer.from('0a00000100001754', 'hex') } },
      'report.tcb',
    ],
  ];
  test.each(report)('a report with %s', async (_name, change, place) => {
    expect(await refusalOf(attempt(change))).toBe(`REPORT_MALFORMED ${place}`);
  });

  const twice = (bytes: Buffer): Buffer => Buffer.concat([bytes, bytes]);
  const chain: readonly (readonly [string, Change, string])[] = [
    [
      'a trailing byte',
      { leafBytes: (it) => Buffer.concat([it, Buffer.alloc(1)]) },
      'certificate.encoding',
    ],
    ['two certificates in DER', { leafBytes: twice }, 'certificate.encoding'],
    ['half a certificate', { leafBytes: (it) => it.subarray(0, 600) }, 'certificate.encoding'],
    ['nothing', { leafBytes: () => Buffer.alloc(0) }, 'certificate.size'],
    [
      'a hundred megabytes',
      { leafBytes: () => Buffer.alloc(100_000_000, 0x30) },
      'certificate.size',
    ],
    ['a PKCS #1 v1.5 signature', { leaf: { signature: 'pkcs1' } }, 'certificate.algorithm'],
    ['a shorter salt', { leaf: { signature: 'shortSalt' } }, 'certificate.algorithm'],
    ['the name of an authority', { leaf: { commonName: 'SEV-Genoa' } }, 'leaf.subject'],
    ['a VLEK for a VCEK report', { leaf: { signer: 'VLEK' } }, 'leaf.subject'],
    [
      'a VLEK that calls itself VCEK',
      { leaf: { signer: 'VLEK', commonName: 'SEV-VCEK' } },
      'leaf.issuer',
    ],
    ['an unknown issuer', { leaf: { issuerName: 'SEV-Venice' } }, 'leaf.issuer'],
    ['a root as its issuer', { leaf: { issuerName: 'ARK-Genoa' } }, 'leaf.issuer'],
    ['another family', { leaf: { product: 'Milan', chip: FAKE_CHIP } }, 'leaf.product'],
    ['an expired leaf', { leaf: { notAfter: NOW - 1000 } }, 'leaf.validity'],
    ['a leaf of the future', { leaf: { notBefore: NOW + 1000 } }, 'leaf.validity'],
    ['an expired issuer', { issuer: { notAfter: NOW - 1000 } }, 'intermediate.validity'],
    ['a time after all roots', { now: Date.UTC(2046, 0, 1) }, 'root.validity'],
    ['no issuer', { intermediate: null }, 'intermediate.missing'],
    ['no root of the product', { anchors: { roots: [], intermediates: [] } }, 'root.unknown'],
    ['AMD as root of another chain', { anchors: amdTrustAnchors }, 'intermediate.signature'],
    [
      'the leaf as its issuer',
      { intermediate: authority.leaf({ product: 'Genoa', signer: 'VCEK' }).der },
      'intermediate.subject',
    ],
    [
      'the issuer of another product',
      { intermediate: authority.intermediate({ product: 'Milan', signer: 'VCEK' }) },
      'intermediate.subject',
    ],
    [
      'an issuer of a stranger',
      { intermediate: stranger.intermediate({ product: 'Genoa', signer: 'VCEK' }) },
      'intermediate.signature',
    ],
    [
      'an issuer without the CA flag',
      { issuer: { extensions: { '551d13': sequence() } } },
      'intermediate.authority',
    ],
    [
      'an issuer that may not sign',
      { issuer: { extensions: { '551d0f': der(0x03, Buffer.from([7, 0x80])) } } },
      'intermediate.authority',
    ],
    [
      'an issuer without basic constraints',
      { issuer: { extensions: { '551d13': null } } },
      'intermediate.authority',
    ],
    ['a revoked issuer', listOf(0x01), 'intermediate.revoked'],
    [
      'a list that is over',
      {
        revocationList: authority.revocationList({
          product: 'Genoa',
          revoked: [],
          thisUpdate: 0,
          nextUpdate: NOW - 1000,
        }),
      },
      'revocation.validity',
    ],
    [
      'a list of a stranger',
      {
        revocationList: stranger.revocationList({
          product: 'Genoa',
          revoked: [],
          thisUpdate: 0,
          nextUpdate: NOW,
        }),
      },
      'revocation.list',
    ],
    ['structure version 1 on Genoa', extension('01', integer(1)), 'leaf.structVersion'],
    ['another product name', extension('02', der(0x16, Buffer.from('Milan'))), 'leaf.productName'],
    [
      'a longer product name',
      extension('02', der(0x16, Buffer.from('Genoa2'))),
      'leaf.productName',
    ],
    [
      'a product name as OCTET STRING',
      extension('02', der(0x04, Buffer.from('Genoa'))),
      'certificate.encoding',
    ],
    ['no HWID', extension('04', null), 'leaf.extensions'],
    ['a wrapped HWID', extension('04', der(0x04, FAKE_CHIP)), 'leaf.extensions'],
    ['half a HWID', extension('04', FAKE_CHIP.subarray(0, 32)), 'leaf.extensions'],
    ['an 8-byte HWID as on Turin', extension('04', FAKE_CHIP.subarray(0, 8)), 'leaf.extensions'],
    ['a CSP id in a VCEK', extension('05', der(0x16, Buffer.from('CN=x'))), 'leaf.extensions'],
    ['no SPL for the firmware', extension('0303', null), 'leaf.extensions'],
    ['a reserved SPL', extension('0304', integer(1)), 'leaf.extensions'],
    ['an FMC outside Turin', extension('0309', integer(0)), 'leaf.extensions'],
    ['an SPL of two bytes', extension('0308', integer(1, 0x54)), 'leaf.extensions'],
    ['a negative SPL', extension('0308', integer(0xd4)), 'certificate.encoding'],
    ['an SPL with leading zeros', extension('0308', integer(0, 0x54)), 'certificate.encoding'],
    [
      'an SPL with a trailing byte',
      extension('0308', Buffer.from([2, 1, 0x54, 0])),
      'certificate.encoding',
    ],
    ['another chip', { leaf: { chip: FAKE_CHIP.toReversed() } }, 'leaf.chip'],
    [
      'a masked chip',
      { leaf: { chip: Buffer.alloc(64) }, report: { chipId: Buffer.alloc(64) } },
      'leaf.chip',
    ],
    [
      'older firmware of the same chip',
      { leaf: { tcb: Buffer.from('0a00000000001753', 'hex') } },
      'leaf.tcb',
    ],
    ['a key on another curve', { leaf: { curve: 'P-256' } }, 'leaf.key'],
  ];
  test.each(chain)('a chain with %s', async (_name, change, place) => {
    // A P-256 key cannot sign as the report says, which the fake report does not mind.
    const started = performance.now();
    expect(await refusalOf(attempt(change))).toBe(`CHAIN_INVALID ${place}`);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('a VLEK with a HWID, and one without a cloud', async () => {
    const report = { signer: 'VLEK' } as const;
    const wrong = [{ [`${AMD_ARC}04`]: FAKE_CHIP }, { [`${AMD_ARC}05`]: null }];
    for (const extensions of wrong) {
      const change = { leaf: { signer: 'VLEK', extensions }, report } as const;
      expect(await refusalOf(attempt(change))).toBe('CHAIN_INVALID leaf.extensions');
    }
  });

  test('a Turin chip id that goes on after its eight bytes', async () => {
    const kind = { product: 'Turin' } as const;
    const change = { leaf: kind, report: { ...kind, chipId: FAKE_CHIP } };
    expect(await refusalOf(attempt(change))).toBe('CHAIN_INVALID leaf.chip');
  });

  test('a report that another key signed, and one without a signature', async () => {
    const other = authority.leaf({ product: 'Genoa', signer: 'VCEK' });
    const foreign = authority.report({ product: 'Genoa', signer: 'VCEK' }, other);
    const expected = 'SIGNATURE_INVALID report.signature';
    expect(await refusalOf(attempt({ after: () => foreign }))).toBe(expected);
    expect(await refusalOf(attempt({ after: (it) => it.fill(0, 0x2a0) }))).toBe(expected);
  });

  test('a leaf whose signature or names were changed after signing', async () => {
    const flip = (at: number): Change => ({
      leafBytes: (bytes) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        return changed;
      },
    });
    const last = authority.leaf({ product: 'Genoa', signer: 'VCEK' }).der.length - 1;
    expect(await refusalOf(attempt(flip(last)))).toBe('CHAIN_INVALID leaf.signature');
  });

  test('a trust anchor whose key is not the pinned one', async () => {
    const [root] = anchors.roots;
    const swapped = anchors.roots.map((each) => ({ ...each, spki: root?.spki ?? each.spki }));
    const change = { anchors: { roots: swapped, intermediates: [] } };
    expect(await refusalOf(attempt(change))).toBe('CHAIN_INVALID root.key');
  });
});
