// The verb over files on disk: all genuine reports with the answers of their MANIFEST, and the fake
// authority for what is not to be had from AMD.

import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checks } from '@track-record/attestation/auditor';
import { codeOf } from '@track-record/errors';
import { fakeAmdAuthority } from '../../../testkit/src/amd/fake-authority.ts';
import { type EvidenceChange, fakeEvidence } from '../../../testkit/src/amd/fake-evidence.ts';
import { scratchFolder } from '../../../testkit/src/scratch-folder.ts';
import { UsageError, type VerbInput, type VerbOutput } from '../verb.ts';
import { attestationVerify } from './attestation-verify.ts';

const VECTORS = join(process.env['VECTORS_DIR'] ?? '../shared/vectors', 'attestation');
const present = existsSync(VECTORS) || process.env['CI'] !== undefined;
const withVectors = present ? describe : describe.skip;

const AT = '2026-01-01T00:00:00Z';
const { folder, fileOf } = scratchFolder('attestation');
const authority = fakeAmdAuthority();
const anchors = fileOf('roots.pem', authority.rootsPem);
let files = 0;

function run(
  options: VerbInput['options'],
  positionals: readonly string[] = [],
): Promise<VerbOutput> {
  const input = { options, positionals, stdin: process.stdin, progress: () => undefined };
  return attestationVerify.run(input);
}

/** Files of the fake authority, as options of the verb. */
function evidence(change: EvidenceChange = {}): Record<string, string> {
  files += 1;
  const { report, endorsements } = fakeEvidence(authority, change);
  return {
    at: AT,
    'trust-anchors': anchors,
    report: fileOf(`${files}.report.bin`, report),
    leaf: fileOf(`${files}.leaf.der`, endorsements.leaf),
    intermediate: fileOf(`${files}.issuer.der`, endorsements.intermediate ?? ''),
  };
}

function withPolicy(policy: unknown): Record<string, string> {
  files += 1;
  return { policy: fileOf(`${files}.policy.json`, JSON.stringify(policy)) };
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'none',
    (caught: unknown) => caught,
  );
  return error instanceof UsageError ? 'usage' : codeOf(error);
}

interface Vector {
  readonly id: string;
  readonly report: string;
  readonly certs: readonly string[];
  readonly reportVersion: number;
  readonly product: string;
  readonly signer: string;
  readonly cpuid: unknown;
  readonly expect: { readonly verifyAt: string; readonly at20261001?: string };
  readonly flags: Readonly<Record<string, number | boolean>>;
  readonly fields: Readonly<Record<string, unknown>> & {
    readonly reportedTcbParts: Readonly<Record<string, number>>;
  };
  readonly cert: { readonly cspId?: string };
}

/** What the vectors say of a report, in the words of the verb. */
function expectedReport({ fields, flags, cert, ...vector }: Vector): Record<string, unknown> {
  const { fmc, bl: bootloader, tee, snp, ucode: microcode } = fields.reportedTcbParts;
  const {
    reportedTcbParts: _parts,
    currentTcb,
    reportedTcb,
    committedTcb,
    launchTcb,
    ...same
  } = fields;
  return {
    ...same,
    version: vector.reportVersion,
    product: vector.product,
    signer: vector.signer,
    cpuid: vector.cpuid,
    cspId: cert.cspId ?? null,
    vmpl: flags['vmpl'],
    debug: flags['debug'],
    migrateMa: flags['migrateMa'],
    smt: flags['smt'],
    authorKeyEn: flags['authorKeyEn'] === 1,
    maskChipKey: flags['maskChipKey'] === 1,
    reportedTcb: { ...(fmc === undefined ? {} : { fmc }), bootloader, tee, snp, microcode },
    ...tcbs({ currentTcb, reportedTcb, committedTcb, launchTcb }, vector.product),
  };
}

/** TCB_VERSION as the tables of AMD 56860 have it. */
function tcbs(hexes: Record<string, unknown>, product: string): Record<string, unknown> {
  const parts = Object.entries(hexes).map(([name, hex]) => {
    const [a, b, c, d, , , g, microcode] = Buffer.from(String(hex), 'hex');
    const turin = { fmc: a, bootloader: b, tee: c, snp: d, microcode };
    return [name, product === 'Turin' ? turin : { bootloader: a, tee: b, snp: g, microcode }];
  });
  return Object.fromEntries(parts);
}

withVectors('accepts', () => {
  const { vectors }: { vectors: readonly Vector[] } = present
    ? JSON.parse(readFileSync(join(VECTORS, 'vectors.json'), 'utf8'))
    : { vectors: [] };
  const looking = withPolicy({ minReportVersion: 2, maxVmpl: 3, allowDebug: true });

  test('there are nineteen genuine reports', () => expect(vectors).toHaveLength(19));

  test.each(vectors.map((vector) => [vector.id, vector] as const))('%s', async (_id, vector) => {
    const report = join(VECTORS, vector.report);
    for (const leaf of vector.certs.map((name) => join(VECTORS, name))) {
      const options = { report, leaf, at: vector.expect.verifyAt };
      const { document, failed } = await run({ ...options, ...looking });
      expect(document).toMatchObject({ verdict: 'verified', code: null });
      expect(document).toHaveProperty('report', expect.objectContaining(expectedReport(vector)));
      expect(failed).toBe(false);

      const strict = await run(options);
      expect([vector.id, strict.document]).toMatchObject([
        vector.id,
        { code: defaultCode(vector) },
      ]);
      const later = await run({ ...options, ...looking, at: '2026-10-01T00:00:00Z' });
      const expired = vector.expect.at20261001 === 'CERT_EXPIRED';
      expect(later.document).toMatchObject({ code: expired ? 'CHAIN_INVALID' : null });
    }
  });

  /** What the MANIFEST says of the default policy, in its words: DEBUG, version floor, VMPL 0. */
  function defaultCode({ flags, reportVersion }: Vector): string | null {
    if (flags['debug'] === true) return 'POLICY_DEBUG';
    if (flags['vmpl'] !== 0) return 'POLICY_VMPL';
    return reportVersion < 3 ? 'POLICY_VERSION' : null;
  }

  test('Milan with a caution, and another product without one', async () => {
    const text = async (id: string): Promise<string> => {
      const path = join(VECTORS, 'vectors', id);
      const files = { report: `${path}.report.bin`, leaf: `${path}.vcek.der` };
      return (await run({ ...files, at: '2026-10-01T00:00:00Z' })).text;
    };
    expect(await text('milan-v3-mstav')).toContain('extracted by software');
    expect(await text('genoa-v3-mstav')).not.toContain('Milan');
  });
});

describe('accepts of another authority', () => {
  test('what it signed, and says that it is not AMD', async () => {
    const { document, text, failed } = await run(evidence());
    expect(document).toMatchObject({ verdict: 'verified', code: null, report: { vmpl: 0 } });
    expect(text).toMatch(/^VERIFIED\n {2}Signed .* not AMD’s\. Not checked: the measurement,/);
    expect(failed).toBe(false);
  });

  test('a policy that is met, and says what is left', async () => {
    const policy = withPolicy({
      measurements: ['4d'.repeat(48)],
      reportData: '00'.repeat(64),
      hostData: '00'.repeat(32),
      minTcb: { bootloader: 10, tee: 0, snp: 23, microcode: 84 },
      products: ['Genoa'],
      signers: ['VCEK'],
    });
    const { document } = await run({ ...evidence(), ...policy });
    expect(document).toMatchObject({ verdict: 'verified' });
    expect(document).toHaveProperty('detail', expect.stringMatching(/Not checked: revocation\.$/));
  });
});

describe('accepts a revocation list', () => {
  const times = { thisUpdate: Date.parse(AT) - 1000, nextUpdate: Date.parse(AT) + 1000 };
  const list = (...revoked: number[]): Record<string, string> => {
    files += 1;
    const bytes = authority.revocationList({ product: 'Genoa', revoked, ...times });
    return { 'revocation-list': fileOf(`${files}.crl`, bytes) };
  };

  test('that leaves the issuer alone, and no longer says it was not checked', async () => {
    const { document } = await run({ ...evidence(), ...list() });
    expect(document).toMatchObject({ verdict: 'verified', report: { revocation: 'checked' } });
    expect(document).not.toHaveProperty('detail', expect.stringContaining('revocation'));
  });

  test('that names the issuer, and refuses the report', async () => {
    const { document } = await run({ ...evidence(), ...list(0x01) });
    const detail = checks['intermediate.revoked'];
    expect(document).toMatchObject({ verdict: 'refused', code: 'CHAIN_INVALID', detail });
  });
});

describe('refuses', () => {
  const rows: readonly (readonly [
    string,
    () => Record<string, string>,
    string,
    keyof typeof checks,
  ])[] = [
    [
      'a chain that is not AMD’s',
      () => ({ ...evidence(), 'trust-anchors': '' }),
      'CHAIN_INVALID',
      'intermediate.signature',
    ],
    [
      'a report that was cut',
      () => evidence({ after: (it) => it.subarray(9) }),
      'REPORT_MALFORMED',
      'report.length',
    ],
    [
      'a report that goes on',
      () => evidence({ after: (it) => Buffer.concat([it, it]) }),
      'REPORT_MALFORMED',
      'report.length',
    ],
    [
      'an expired leaf',
      () => ({ ...evidence(), at: '2045-06-01T00:00:00Z' }),
      'CHAIN_INVALID',
      'root.validity',
    ],
    [
      'another chip',
      () => evidence({ leaf: { chip: Buffer.alloc(64, 1) } }),
      'CHAIN_INVALID',
      'leaf.chip',
    ],
    [
      'no signature',
      () => evidence({ after: (it) => it.fill(0, 0x2a0) }),
      'SIGNATURE_INVALID',
      'report.signature',
    ],
    ['VMPL 1', () => evidence({ report: { vmpl: 1 } }), 'POLICY_VMPL', 'policy.vmpl'],
    [
      'another product',
      () => ({ ...evidence(), ...withPolicy({ products: ['Turin'] }) }),
      'POLICY_PRODUCT',
      'policy.product',
    ],
  ];
  test.each(rows)('%s, and says why in our words', async (_name, options, code, check) => {
    const given = Object.entries(options()).filter(([, value]) => value !== '');
    const { document, text, failed } = await run(Object.fromEntries(given));
    const detail = checks[check];
    expect(document).toMatchObject({ verdict: 'refused', code, detail, error: { code } });
    expect(text).toContain(`REFUSED (${code})\n  ${detail}\n`);
    expect(failed).toBe(true);
  });

  test('a certificate of a hundred megabytes, which is not read', async () => {
    const leaf = fileOf('large.der', Buffer.from([0x30, 0x84, 0x05, 0xf5, 0xe1, 0x00]));
    truncateSync(leaf, 100_000_000);
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const { document } = await run({ ...evidence(), leaf });
    expect(document).toMatchObject({
      code: 'CHAIN_INVALID',
      detail: checks['certificate.size'],
    });
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });

  test('what is an argument’s fault and not the evidence’s', async () => {
    const good = evidence();
    const missing = join(folder, 'missing');
    const cases: readonly (readonly [Record<string, string>, string])[] = [
      [{ ...good, report: missing }, 'ARGUMENT_INVALID'],
      [{ ...good, leaf: folder }, 'ARGUMENT_INVALID'],
      [{ ...good, policy: fileOf('broken.json', '{') }, 'ARGUMENT_INVALID'],
      [{ ...good, ...withPolicy({ measurement: 'aa' }) }, 'ARGUMENT_INVALID'],
      [{ ...good, 'trust-anchors': fileOf('no-roots.pem', 'roots') }, 'ARGUMENT_INVALID'],
      [{ ...good, at: '2026-01-01' }, 'usage'],
      [{ report: good['report'] ?? '', at: AT }, 'usage'],
    ];
    for (const [options, expected] of cases) {
      expect(await failureOf(run(options))).toBe(expected);
    }
    expect(await failureOf(run(good, ['report.bin']))).toBe('usage');
  });
});

describe('holds', () => {
  test('a refusal repeats nothing of the evidence but the report’s own fields', async () => {
    const commonName = 'SEV-VCEK-marker-7f3a';
    const { document, text } = await run(evidence({ leaf: { commonName } }));
    expect(document).toMatchObject({ code: 'CHAIN_INVALID' });
    expect(JSON.stringify(document) + text).not.toContain('7f3a');
  });
});
