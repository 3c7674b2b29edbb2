// Policies against verified reports of the fake authority: a table with a row per check.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { codes, RecordError } from '@track-record/errors';
import { fakeAmdAuthority } from '../../testkit/src/amd/fake-authority.ts';
import { FAKE_CHIP } from '../../testkit/src/amd/fake-chip.ts';
import { type EvidenceChange, fakeEvidence } from '../../testkit/src/amd/fake-evidence.ts';
import { checks, explainRefusal, parseTrustAnchors } from './auditor/index.ts';
import { checkReport, parsePolicy, parseReport, verifyReport } from './index.ts';

const NOW = Date.UTC(2026, 0, 1);
const authority = fakeAmdAuthority();
const anchors = await parseTrustAnchors(Buffer.from(authority.rootsPem));

const MEASUREMENT = '4d'.repeat(48);
const REPORT_DATA = '00'.repeat(64);
const CHIP = FAKE_CHIP.toString('hex');
const expected = { measurements: [MEASUREMENT], reportData: REPORT_DATA };
const MILAN = { leaf: { product: 'Milan' }, report: { product: 'Milan' } } as const;
const VLEK = { leaf: { signer: 'VLEK' }, report: { signer: 'VLEK' } } as const;
const CLOUD = 'CN=cc-us-test-1.example.com';

async function answer(
  change: EvidenceChange,
  policy: unknown,
  silence: 'refuse' | 'pass',
): Promise<string> {
  const { report, endorsements } = fakeEvidence(authority, change);
  const verified = await verifyReport(parseReport(report), endorsements, anchors, NOW);
  try {
    checkReport(verified, parsePolicy(policy, silence));
    return 'accepted';
  } catch (error) {
    return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
  }
}

type Row = readonly [name: string, EvidenceChange, policy: object, answer: string];

describe('accepts', () => {
  const looking: readonly Row[] = [
    ['a report as it should be', {}, {}, 'accepted'],
    ['a VLEK', VLEK, { signers: ['VLEK'], cspIds: [CLOUD] }, 'accepted'],
    ['Milan', MILAN, {}, 'accepted'],
    ['version 2 on request', { report: { version: 2 } }, { minReportVersion: 2 }, 'accepted'],
    ['VMPL 1 on request', { report: { vmpl: 1 } }, { maxVmpl: 1 }, 'accepted'],
    ['debugging on request', { report: { policy: 0xb0000n } }, { allowDebug: true }, 'accepted'],
    ['equal firmware', {}, { minTcb: { bootloader: 10, snp: 23, microcode: 84 } }, 'accepted'],
    ['equal processor firmware', {}, { minFirmware: '1.55.29' }, 'accepted'],
    [
      'a lower floor of its model',
      {},
      { minTcb: { microcode: 255 }, minTcbByCpu: { '19/11': {} } },
      'accepted',
    ],
    ['one value for a list', {}, { measurements: MEASUREMENT.toUpperCase() }, 'accepted'],
  ];
  test.each(looking)('to look at it: %s', async (_name, change, policy, result) => {
    expect(await answer(change, policy, 'pass')).toBe(result);
  });

  const relying: readonly Row[] = [
    ['what was expected', {}, expected, 'accepted'],
    [
      'Milan on a chip that is listed',
      MILAN,
      { ...expected, products: ['Milan'], chipIds: [CHIP] },
      'accepted',
    ],
    [
      'a VLEK of a cloud that is listed',
      VLEK,
      { ...expected, signers: ['VLEK'], cspIds: [CLOUD] },
      'accepted',
    ],
  ];
  test.each(relying)('to rely on it: %s', async (_name, change, policy, result) => {
    expect(await answer(change, policy, 'refuse')).toBe(result);
  });
});

describe('refuses', () => {
  const zeros = (size: number): string => '00'.repeat(size);
  const rows: readonly Row[] = [
    ['debugging', { report: { policy: 0xb0000n } }, {}, 'POLICY_DEBUG policy.debug'],
    ['migration', { report: { policy: 0x70000n } }, {}, 'POLICY_MIGRATION policy.migrationAgent'],
    ['VMPL 1', { report: { vmpl: 1 } }, {}, 'POLICY_VMPL policy.vmpl'],
    ['version 2', { report: { version: 2 } }, {}, 'POLICY_VERSION policy.version'],
    ['version 3 below 5', {}, { minReportVersion: 5 }, 'POLICY_VERSION policy.version'],
    ['a VLEK for a VCEK', VLEK, { signers: 'VCEK' }, 'POLICY_SIGNER policy.signer'],
    ['another cloud', VLEK, { cspIds: ['CN=other'] }, 'POLICY_SIGNER policy.cspId'],
    ['another product', {}, { products: ['Milan', 'Turin'] }, 'POLICY_PRODUCT policy.product'],
    ['another chip', {}, { chipIds: [zeros(64)] }, 'POLICY_CHIP policy.chip'],
    ['no chip at all', {}, { chipIds: [] }, 'POLICY_CHIP policy.chip'],
    ['older microcode', {}, { minTcb: { microcode: 85 } }, 'POLICY_TCB policy.tcb'],
    ['an older bootloader', {}, { minTcb: { bootloader: 11 } }, 'POLICY_TCB policy.tcb'],
    ['firmware it does not have', {}, { minTcb: { fmc: 0 } }, 'POLICY_TCB policy.tcb'],
    ['older firmware at launch', {}, { minLaunchTcb: { snp: 24 } }, 'POLICY_TCB policy.tcb'],
    [
      'firmware below its model',
      {},
      { minTcbByCpu: { '19/11': { snp: 24 } } },
      'POLICY_TCB policy.tcb',
    ],
    [
      'committed firmware that may be rolled back',
      { report: { alter: (report) => report.set([9], 0x1e0) } },
      { minTcb: { bootloader: 10 } },
      'POLICY_TCB policy.tcb',
    ],
    ['older processor firmware', {}, { minFirmware: '1.55.30' }, 'POLICY_FIRMWARE policy.firmware'],
    ['an older major version', {}, { minFirmware: '2.0.0' }, 'POLICY_FIRMWARE policy.firmware'],
    [
      'no check of memory aliases',
      { report: { platformInfo: 5n } },
      { platformInfo: '0x20' },
      'POLICY_PLATFORM policy.platform',
    ],
    [
      'a missing mitigation',
      { report: { version: 5, mitigations: 1n } },
      { mitigations: '0x3' },
      'POLICY_PLATFORM policy.mitigations',
    ],
    [
      'mitigations before version 5',
      {},
      { mitigations: '0x1' },
      'POLICY_PLATFORM policy.mitigations',
    ],
    [
      'another measurement',
      {},
      { measurements: [zeros(48)] },
      'POLICY_MEASUREMENT policy.measurement',
    ],
    ['no measurement at all', {}, { measurements: [] }, 'POLICY_MEASUREMENT policy.measurement'],
    [
      'other report data',
      {},
      { reportData: '01'.repeat(64) },
      'POLICY_REPORT_DATA policy.reportData',
    ],
    ['other host data', {}, { hostData: '01'.repeat(32) }, 'POLICY_HOST_DATA policy.hostData'],
    ['another id key', {}, { idKeyDigests: ['01'.repeat(48)] }, 'POLICY_IDENTITY policy.identity'],
    [
      'another author',
      {},
      { authorKeyDigests: ['01'.repeat(48)] },
      'POLICY_IDENTITY policy.identity',
    ],
    ['another family', {}, { familyIds: ['01'.repeat(16)] }, 'POLICY_IDENTITY policy.identity'],
    ['another image', {}, { imageIds: ['01'.repeat(16)] }, 'POLICY_IDENTITY policy.identity'],
    ['an older guest', {}, { minGuestSvn: 2 }, 'POLICY_IDENTITY policy.identity'],
  ];
  test.each(rows)('%s', async (_name, change, policy, result) => {
    expect(await answer(change, policy, 'pass')).toBe(result);
    expect(await answer(change, { ...expected, ...policy }, 'refuse')).not.toBe('accepted');
  });

  const silent: readonly Row[] = [
    ['no measurement', {}, { reportData: REPORT_DATA }, 'POLICY_MEASUREMENT policy.measurement'],
    ['no report data', {}, { measurements: [MEASUREMENT] }, 'POLICY_REPORT_DATA policy.reportData'],
    ['no word of Milan', MILAN, expected, 'POLICY_PRODUCT policy.milan'],
    ['Milan on any chip', MILAN, { ...expected, products: ['Milan'] }, 'POLICY_CHIP policy.chip'],
    ['chips but no Milan', MILAN, { ...expected, chipIds: [CHIP] }, 'POLICY_PRODUCT policy.milan'],
    ['a VLEK', VLEK, expected, 'POLICY_SIGNER policy.signer'],
    ['a VLEK of any cloud', VLEK, { ...expected, signers: ['VLEK'] }, 'POLICY_SIGNER policy.cspId'],
  ];
  test.each(silent)('a policy to rely on that has %s', async (_name, change, policy, result) => {
    expect(await answer(change, policy, 'refuse')).toBe(result);
  });

  const malformed: readonly (readonly [string, unknown, string])[] = [
    ['no object', [], 'policy'],
    ['an unknown field', { requireMeasurement: true }, 'policy'],
    ['an inherited name', { toString: 1 }, 'policy'],
    ['a text for a flag', { allowDebug: 'false' }, 'policy.allowDebug'],
    ['null for a list', { measurements: null }, 'policy.measurements[0]'],
    ['a measurement cut short', { measurements: ['4d'.repeat(47)] }, 'policy.measurements[0]'],
    [
      'a measurement in other digits',
      { measurements: ['zz'.repeat(48)] },
      'policy.measurements[0]',
    ],
    ['a product nobody knows', { products: ['Genoa', 'Siena'] }, 'policy.products[1]'],
    ['a version that is none', { minReportVersion: 6 }, 'policy.minReportVersion'],
    ['a VMPL that is none', { maxVmpl: 1.5 }, 'policy.maxVmpl'],
    ['a component nobody knows', { minTcb: { ucode: 1 } }, 'policy.minTcb'],
    ['a version above a byte', { minTcb: { snp: 256 } }, 'policy.minTcb.snp'],
    ['a processor in words', { minTcbByCpu: { Siena: {} } }, 'policy.minTcbByCpu'],
    ['a processor with a leading zero', { minTcbByCpu: { '19/01': {} } }, 'policy.minTcbByCpu'],
    ['firmware in two parts', { minFirmware: '1.55' }, 'policy.minFirmware'],
    ['a mask as a number', { platformInfo: 32 }, 'policy.platformInfo'],
  ];
  test.each(malformed)('a policy with %s', (_name, policy, place) => {
    const parse = (): unknown => parsePolicy(policy, 'refuse');
    expect(parse).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID', place }));
  });
});

describe('holds', () => {
  test('every check that refuses has one sentence of our own, and no sentence is left over', () => {
    const folder = new URL('.', import.meta.url);
    const files = readdirSync(folder, { recursive: true }).map(String);
    const sources = files.filter((name) => /(?<!\.test)\.ts$/.test(name));
    const texts = sources.map((name) => readFileSync(new URL(name, folder), 'utf8'));
    const quoted =
      /'((?:report|endorsements|certificate|leaf|intermediate|root|revocation|policy)\.\w+)'/g;
    const refusing = texts.filter((text) => !text.includes('export const checks'));
    const thrown = refusing.flatMap((text) => [...text.matchAll(quoted)].map(([, name]) => name));
    expect(Object.keys(checks).toSorted()).toEqual([...new Set(thrown)].toSorted());
    for (const [name, sentence] of Object.entries(checks)) {
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(explainRefusal(new RecordError('INTERNAL', { place: name }))).toBe(sentence);
    }
    const elsewhere = new RecordError('INTERNAL', { place: 'toString' });
    expect(explainRefusal(elsewhere)).toBe(codes.INTERNAL.message);
  });
});
