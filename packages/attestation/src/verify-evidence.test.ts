// Evidence as the worker writes it, over a kernel in memory and the fake AMD authority behind it.

import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { fakeAmdAuthority } from '../../testkit/src/amd/fake-authority.ts';
import { fakeTsm, type FakeTsmOptions } from '../../testkit/src/tsm/fake-tsm.ts';
import { parseTrustAnchors } from './auditor/index.ts';
import { bindingFields, emptyBinding, HPKE_SUITE, reportDataOf, type Binding } from './binding.ts';
import { writeEvidence, type Evidence } from './evidence.ts';
import { developmentEvidence } from './insecure/index.ts';
import { reportSource } from './obtain/report-source.ts';
import { parsePolicy, type Policy } from './policy.ts';
import { parseEvidence, verifyEvidence } from './verify-evidence.ts';

const NOW = Date.UTC(2026, 0, 1);
const MEASUREMENT = '4d'.repeat(48);
const authority = fakeAmdAuthority();
const anchors = await parseTrustAnchors(Buffer.from(authority.rootsPem));
const strangers = await parseTrustAnchors(Buffer.from(fakeAmdAuthority().rootsPem));
const policy = parsePolicy({ measurements: [MEASUREMENT] }, 'refuse');
const binding: Binding = {
  ...emptyBinding,
  tlsSpkiSha256: new Uint8Array(32).fill(1),
  intakePublicKey: new Uint8Array(32).fill(2),
  statementPublicKey: new Uint8Array(32).fill(3),
  configSha256: new Uint8Array(32).fill(4),
  hpkeSuite: HPKE_SUITE,
  successionSha256: new Uint8Array(32).fill(5),
};
const good = await collect();

async function collect(
  options: Partial<FakeTsmOptions> = {},
  of: Binding = binding,
): Promise<Evidence> {
  const { files } = fakeTsm({ authority, ...options });
  const source = reportSource({ files, newName: () => 'ours' });
  const reportData = await reportDataOf(of);
  const collected = await source.obtain(reportData, new AbortController().signal);
  return writeEvidence(collected, of, NOW);
}

async function outcome(
  evidence: unknown,
  change: { policy?: Policy; anchors?: typeof anchors; now?: number } = {},
): Promise<string> {
  try {
    const parsed = parseEvidence(JSON.parse(JSON.stringify(evidence)));
    const given = { policy, anchors, now: NOW, ...change };
    await verifyEvidence(parsed, given.anchors, given.policy, given.now);
    return 'verified';
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return `${error.code} ${error.place}`;
  }
}

async function bindingRefusal(change: Partial<Binding>): Promise<string> {
  return await outcome(await collect({}, { ...binding, ...change }));
}

function bound(field: keyof Binding, text: string): object {
  return { ...good, binding: { ...good.binding, [field]: text } };
}

describe('accepts', () => {
  test.each(['pem', 'der'] as const)('evidence with certificates in %s', async (certificates) => {
    expect(await outcome(await collect({ certificates }))).toBe('verified');
  });

  test('evidence says which keys it is for', async () => {
    const verified = await verifyEvidence(parseEvidence(good), anchors, policy, NOW);
    expect(verified.binding).toEqual(binding);
    expect(verified.collectedAt).toBe(NOW);
    expect(verified.report.fields.measurement).toBe(MEASUREMENT);
  });

  test('report data that the caller expects besides', async () => {
    const reportData = [Buffer.from(await reportDataOf(binding)).toString('hex')];
    expect(await outcome(good, { policy: { ...policy, reportData } })).toBe('verified');
  });
});

describe('refuses', () => {
  const { report: _report, ...reportless } = good;
  const { nonce: _nonce, ...nonceless } = good.binding;
  const rows: readonly (readonly [string, unknown, string])[] = [
    ['nothing', null, 'EVIDENCE_MALFORMED evidence'],
    ['text', 'verified', 'EVIDENCE_MALFORMED evidence'],
    ['a list', [good], 'EVIDENCE_MALFORMED evidence'],
    ['a further member', { ...good, verified: true }, 'EVIDENCE_MALFORMED evidence'],
    ['no report', reportless, 'EVIDENCE_MALFORMED evidence'],
    ['another member in its place', { ...reportless, quote: '' }, 'EVIDENCE_MALFORMED evidence'],
    ['another format', { ...good, format: 'x' }, 'EVIDENCE_MALFORMED evidence.format'],
    ['insecure evidence', { ...good, insecure: true }, 'EVIDENCE_MALFORMED evidence.insecure'],
    [
      'a time without a zone',
      { ...good, collectedAt: '2026-01-01T00:00:00.000' },
      'EVIDENCE_MALFORMED evidence.collectedAt',
    ],
    [
      'a day that is none',
      { ...good, collectedAt: '2026-13-01T00:00:00.000Z' },
      'EVIDENCE_MALFORMED evidence.collectedAt',
    ],
    ['a report that is no text', { ...good, report: 1 }, 'EVIDENCE_MALFORMED evidence.report'],
    [
      'a report with a line break',
      { ...good, report: `${good.report}\n` },
      'EVIDENCE_MALFORMED evidence.report',
    ],
    [
      'a report of megabytes',
      { ...good, report: 'A'.repeat(2 ** 22) },
      'EVIDENCE_MALFORMED evidence.report',
    ],
    [
      'another spelling of a table',
      { ...good, certificateTable: 'AB==' },
      'EVIDENCE_MALFORMED evidence.certificateTable',
    ],
    [
      'a table of megabytes',
      { ...good, certificateTable: 'A'.repeat(2 ** 22) },
      'EVIDENCE_MALFORMED evidence.certificateTable',
    ],
    ['no binding', { ...good, binding: null }, 'EVIDENCE_MALFORMED evidence.binding'],
    ['a field too few', { ...good, binding: nonceless }, 'EVIDENCE_MALFORMED evidence.binding'],
    [
      'a field too many',
      { ...good, binding: { ...good.binding, owner: '' } },
      'EVIDENCE_MALFORMED evidence.binding',
    ],
    ['a field in capitals', bound('nonce', 'AA'), 'EVIDENCE_MALFORMED evidence.binding.nonce'],
    ['half a byte', bound('nonce', 'a'), 'EVIDENCE_MALFORMED evidence.binding.nonce'],
    [
      'a field of 65 bytes',
      bound('logPublicKey', '00'.repeat(65)),
      'EVIDENCE_MALFORMED evidence.binding.logPublicKey',
    ],
    ['a cut report', { ...good, report: good.report.slice(4) }, 'REPORT_MALFORMED report.length'],
    ['no certificates', { ...good, certificateTable: '' }, 'CHAIN_INVALID endorsements.table'],
  ];
  test.each(rows)('%s', async (_name, evidence, expected) => {
    expect(await outcome(evidence)).toBe(expected);
  });

  test('development evidence is none', async () => {
    expect(await outcome(await developmentEvidence(binding, NOW))).toMatch('EVIDENCE_MALFORMED');
  });

  test('one byte of the binding changed, whichever field it is in', async () => {
    for (const field of bindingFields) {
      const text = good.binding[field];
      const changed = text === '' ? '00' : `${text.slice(0, -2)}ff`;
      expect(await outcome(bound(field, changed))).toBe('POLICY_REPORT_DATA policy.reportData');
    }
  });

  test('report data that the caller did not expect', async () => {
    const other = { ...policy, reportData: ['00'.repeat(64)] };
    expect(await outcome(good, { policy: other })).toBe('POLICY_REPORT_DATA policy.reportData');
  });

  test('another authority, a later time, another measurement, a debugged guest', async () => {
    expect(await outcome(good, { anchors: strangers })).toBe(
      'CHAIN_INVALID intermediate.signature',
    );
    expect(await outcome(good, { now: Date.UTC(2046, 0, 1) })).toMatch('CHAIN_INVALID');
    const measured = await collect({ report: { measurement: new Uint8Array(48) } });
    expect(await outcome(measured)).toBe('POLICY_MEASUREMENT policy.measurement');
    const debugged = await collect({ report: { policy: 0xb0000n } });
    expect(await outcome(debugged)).toBe('POLICY_DEBUG policy.debug');
  });

  test('a master key from nowhere in particular, and one from another succession', async () => {
    const code = 'POLICY_SUCCESSION policy.succession';
    const nowhere = await collect({}, { ...binding, successionSha256: new Uint8Array() });
    expect(await outcome(nowhere)).toBe('EVIDENCE_MALFORMED evidence.insecure');
    expect(await outcome({ ...nowhere, insecure: false })).toBe(code);
    const other = parsePolicy(
      { measurements: [MEASUREMENT], successions: ['06'.repeat(32)] },
      'refuse',
    );
    expect(await outcome(good, { policy: other })).toBe(code);
  });

  test('keys for another HPKE suite', async () => {
    const hpkeSuite = Uint8Array.of(0, 0x20, 0, 1, 0, 1);
    expect(await bindingRefusal({ hpkeSuite })).toBe(
      'EVIDENCE_MALFORMED evidence.binding.hpkeSuite',
    );
  });

  test('a policy that names no measurement', async () => {
    const silent = parsePolicy({}, 'refuse');
    expect(await outcome(good, { policy: silent })).toBe('POLICY_MEASUREMENT policy.measurement');
  });
});

describe('holds', () => {
  test('S5 evidence-carries-the-report-and-its-certificates, no verdict', () => {
    expect(Object.keys(good)).toEqual([
      'format',
      'insecure',
      'collectedAt',
      'report',
      'certificateTable',
      'binding',
    ]);
    expect(Buffer.from(good.report, 'base64')).toHaveLength(1184);
  });

  test('S6 verified-flag-is-no-member, nor anything else it says of itself', async () => {
    for (const flag of ['verified', 'vcekVerified', 'measurement']) {
      expect(await outcome({ ...good, [flag]: true })).toBe('EVIDENCE_MALFORMED evidence');
    }
  });
});
