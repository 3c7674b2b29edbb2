// What other verifiers got wrong, and a predecessor of this one: each by the name under which it is
// known in the project's list of lessons.

import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { fakeAmdAuthority } from '../../testkit/src/amd/fake-authority.ts';
import { FAKE_CHIP, FAKE_TCB } from '../../testkit/src/amd/fake-chip.ts';
import { type EvidenceChange, fakeEvidence } from '../../testkit/src/amd/fake-evidence.ts';
import { parseTrustAnchors } from './auditor/index.ts';
import {
  type Binding,
  bindingFields,
  checkReport,
  parsePolicy,
  parseReport,
  reportDataOf,
  type VerifiedReport,
  verifyReport,
} from './index.ts';
import { signedBytesOf } from './report.ts';

const NOW = Date.UTC(2026, 0, 1);
const authority = fakeAmdAuthority();
const stranger = fakeAmdAuthority();
const anchors = await parseTrustAnchors(Buffer.from(authority.rootsPem));

async function attempt(change: EvidenceChange): Promise<VerifiedReport> {
  const { report, endorsements } = fakeEvidence(authority, change);
  return await verifyReport(parseReport(report), endorsements, anchors, NOW);
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'accepted',
    (caught: unknown) => caught,
  );
  return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
}

describe('regressions', () => {
  const policy = parsePolicy({}, 'pass');

  test('S5 refuses-a-report-that-is-not-bound-to-these-keys', async () => {
    const empty = Object.fromEntries(bindingFields.map((name) => [name, new Uint8Array()]));
    const ours = { ...empty, statementPublicKey: new Uint8Array(32).fill(7) } as Binding;
    const theirs = { ...ours, statementPublicKey: new Uint8Array(32).fill(8) };
    const verified = await attempt({ report: { reportData: await reportDataOf(ours) } });
    const check = async (binding: Binding): Promise<void> => {
      const reportData = Buffer.from(await reportDataOf(binding)).toString('hex');
      checkReport(verified, parsePolicy({ reportData }, 'pass'));
    };
    expect(await refusalOf(check(ours))).toBe('accepted');
    expect(await refusalOf(check(theirs))).toBe('POLICY_REPORT_DATA policy.reportData');
    const half = verified.fields.reportData.slice(0, 64);
    expect(() => parsePolicy({ reportData: half }, 'pass')).toThrow(RecordError);
  });

  test('S7 signed-by-amd-is-not-enough: debug, privilege, firmware and code count', async () => {
    const measurement = '4d'.repeat(48);
    const wanted = {
      measurements: [measurement],
      reportData: '00'.repeat(64),
      minTcb: { snp: 23 },
    };
    const cases: readonly (readonly [EvidenceChange, string])[] = [
      [{}, 'accepted'],
      [{ report: { policy: 0xb0000n } }, 'POLICY_DEBUG policy.debug'],
      [{ report: { vmpl: 1 } }, 'POLICY_VMPL policy.vmpl'],
      [{ report: { measurement: Buffer.alloc(48) } }, 'POLICY_MEASUREMENT policy.measurement'],
    ];
    for (const [change, expected] of cases) {
      const verified = await attempt(change);
      const check = async (): Promise<void> => checkReport(verified, parsePolicy(wanted, 'refuse'));
      expect(await refusalOf(check())).toBe(expected);
    }
  });

  test('S6 refuses-verified-flag-from-outside', async () => {
    const genuine = await attempt({});
    const claims: unknown[] = [
      { verified: true, vcekVerified: true },
      { ...genuine, fields: { ...genuine.fields, measurement: '00'.repeat(48) } },
    ];
    for (const claim of claims) {
      const check = async (): Promise<void> => checkReport(claim as VerifiedReport, policy);
      expect(await refusalOf(check())).toBe('SIGNATURE_INVALID report.signature');
    }
    expect(() => checkReport(genuine, policy)).not.toThrow();
  });

  test('R57 parsed-is-not-verified: changed fields convince nobody', async () => {
    const kind = { product: 'Genoa', signer: 'VCEK' } as const;
    const leaf = authority.leaf(kind);
    const parsed = parseReport(authority.report({ ...kind, policy: 0xb0000n }, leaf));
    const intermediate = authority.intermediate(kind);
    const endorsements = { leaf: leaf.der, intermediate, revocationList: null };
    const forged = { ...parsed, fields: { ...parsed.fields, debug: false } };
    const verified = await verifyReport(forged, endorsements, anchors, NOW);
    expect(verified.fields.debug).toBe(true);
    expect(Object.isFrozen(verified.fields)).toBe(true);
    // @ts-expect-error: the policy is not asked about a report that was only parsed.
    expect(() => checkReport(parsed, policy)).toThrow(RecordError);
  });

  test('R54 another-chip-is-not-an-old-tcb: the two have names of their own', async () => {
    const moved = { leaf: { chip: FAKE_CHIP.toReversed() } };
    const outdated = { leaf: { tcb: Buffer.from('0900000000001754', 'hex') } };
    expect(await refusalOf(attempt(moved))).toMatch(/leaf\.chip$/);
    expect(await refusalOf(attempt(outdated))).toMatch(/leaf\.tcb$/);
  });

  test('R55 milan-layout-not-used-for-turin', async () => {
    const kind = { product: 'Turin' } as const;
    const { tcb } = await attempt({ leaf: kind, report: kind });
    expect(tcb.reported).toEqual({ fmc: 1, bootloader: 1, tee: 1, snp: 4, microcode: 81 });
    const milan = { ...kind, tcb: FAKE_TCB.Milan };
    expect(await refusalOf(attempt({ leaf: milan, report: milan }))).toBe(
      'REPORT_MALFORMED report.tcb',
    );
  });

  test('R55 no-text-of-a-tool-is-read: only the 1184 bytes are a report', async () => {
    const texts = ['{"verified":true}', 'Measurement: 4d4d', 'a'.repeat(2 * 1184)];
    for (const text of texts) {
      const after = (): Buffer => Buffer.from(text);
      expect(await refusalOf(attempt({ after }))).toBe('REPORT_MALFORMED report.length');
    }
  });

  test('a root that comes with the evidence is no root of ours', async () => {
    const kind = { product: 'Genoa', signer: 'VCEK' } as const;
    const leaf = stranger.leaf(kind);
    const report = parseReport(stranger.report(kind, leaf));
    const intermediate = stranger.intermediate(kind);
    const endorsements = { leaf: leaf.der, intermediate, revocationList: null };
    const verdict = verifyReport(report, endorsements, anchors, NOW);
    expect(await refusalOf(verdict)).toBe('CHAIN_INVALID intermediate.signature');
  });
});

describe('holds', () => {
  test('nothing here needs Node: the same module runs in a browser', () => {
    const folder = new URL('.', import.meta.url);
    const files = readdirSync(folder).filter((name) => /(?<!\.test)\.ts$/.test(name));
    const texts = files.map((name) => readFileSync(new URL(name, folder), 'utf8'));
    expect(files.length).toBeGreaterThan(10);
    for (const text of texts)
      expect(text).not.toMatch(/from 'node:|\bBuffer\.[a-z]+\(|\bprocess\.|\brequire\(/);
  });

  test('the twin signature (r, n - s) verifies too: a report has no unique bytes', async () => {
    const low = 'c7634d81f4372ddf581a0db248b0a77aecec196accc52973';
    const order = BigInt(`0x${'f'.repeat(48)}${low}`);
    const twin = (report: Buffer): Buffer => {
      const bytes = Buffer.from(report.subarray(0x2e8, 0x2e8 + 48)).reverse();
      const s = BigInt(`0x${bytes.toString('hex')}`);
      const text = (order - s).toString(16).padStart(96, '0');
      report.set(Buffer.from(text, 'hex').reverse(), 0x2e8);
      return report;
    };
    expect((await attempt({ after: twin })).product).toBe('Genoa');
  });

  test('node:crypto agrees that the signed bytes are the first 672', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const kind = { product: 'Genoa', signer: 'VCEK' } as const;
    const report = authority.report(kind, { ...authority.leaf(kind), privateKey });
    const [r, s] = [0x2a0, 0x2e8].map((at) => report.subarray(at, at + 48).toReversed());
    const signature = Buffer.concat([r ?? report, s ?? report]);
    const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
    const signed = signedBytesOf(parseReport(report));
    expect(signed).toHaveLength(672);
    expect(verify('sha384', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });
});
