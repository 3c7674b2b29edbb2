// `track-record attestation verify`: is this SNP report from an AMD chip, and is it the one that
// the policy wants? Offline. Report and certificates may come from anybody; only AMD's pinned roots
// count, or those of --trust-anchors. The answer names what was not checked.

import {
  CERTIFICATE_SIZE_BYTES_MAX,
  checkReport,
  type Firmware,
  parsePolicy,
  parseReport,
  type Policy,
  REPORT_SIZE,
  type ReportFields,
  type UnverifiedReport,
  type VerifiedReport,
  verifyReport,
} from '@track-record/attestation';
import { checks, explainRefusal } from '@track-record/attestation/auditor';
import { type Code, RecordError } from '@track-record/errors';
import { policyJsonOf, trustAnchorsOf } from '../evidence-input.ts';
import { instant, readFileStart, requiredText } from '../input.ts';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

type Json = Readonly<Record<string, unknown>>;
type Options = VerbInput['options'];

interface Verdict {
  readonly verdict: 'verified' | 'refused';
  readonly code: Code | null;
  /** Our own constant sentences. */
  readonly detail: string;
  /** What the report says: proven if and only if the code is null or starts with POLICY_. */
  readonly report: Json | null;
}

export const attestationVerify: Verb = {
  name: 'attestation verify',
  summary: 'Verifies an AMD SEV-SNP report offline, up to AMD’s pinned roots, against a policy.',
  example: 'attestation verify --report report.bin --leaf vcek.der --json',
  options: {
    report: { type: 'string' },
    leaf: { type: 'string' },
    intermediate: { type: 'string' },
    policy: { type: 'string' },
    at: { type: 'string' },
    'trust-anchors': { type: 'string' },
    'revocation-list': { type: 'string' },
  },
  run: async ({ options, positionals }) => {
    if (positionals.length > 0) throw new UsageError('Files are given by --report and --leaf.');
    return outputOf(await judge(options));
  },
};

async function judge(options: Options): Promise<Verdict> {
  const report = await readInput(options, 'report', REPORT_SIZE);
  const leaf = await readInput(options, 'leaf', CERTIFICATE_SIZE_BYTES_MAX);
  const intermediate = await readOptional(options, 'intermediate');
  const revocationList = await readOptional(options, 'revocation-list');
  const policy = parsePolicy(await policyJsonOf(options), 'pass');
  const trustAnchors = await trustAnchorsOf(options);
  const now = instant(options, 'at', Date.now());
  let seen: Json | null = null;
  try {
    const unverified = parseReport(report);
    seen = documentOfUnverified(unverified);
    const endorsements = { leaf, intermediate, revocationList };
    const verified = await verifyReport(unverified, endorsements, trustAnchors, now);
    seen = documentOfVerified(verified);
    checkReport(verified, policy);
    const detail = detailOf(verified, policy, options);
    return { verdict: 'verified', code: null, detail, report: seen };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { verdict: 'refused', code: error.code, detail: explainRefusal(error), report: seen };
  }
}

function outputOf(verdict: Verdict): VerbOutput {
  const { code, detail } = verdict;
  const error = code === null ? {} : { error: { code } };
  const headline = code === null ? 'VERIFIED' : `REFUSED (${code})`;
  const lines = Object.entries(verdict.report ?? {}).map(
    ([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`,
  );
  return {
    document: { ...verdict, ...error },
    text: `${headline}\n  ${detail}\n${lines.join('')}`,
    failed: code !== null,
  };
}

/** What the verdict rests on, what it left open, and why Milan proves less than the others. */
function detailOf(verified: VerifiedReport, policy: Policy, options: Options): string {
  const isAmd = options['trust-anchors'] === undefined;
  const open = [
    ...(policy.measurements === null ? ['the measurement'] : []),
    ...(policy.reportData === null ? ['the report data'] : []),
    ...(policy.hostData === null ? ['the host data'] : []),
    ...(Object.keys(policy.minTcb).length === 0 ? ['firmware versions'] : []),
    ...(verified.revocation === 'checked' ? [] : ['revocation']),
  ];
  return [
    isAmd
      ? 'Signed by a chip key that a pinned AMD root vouches for.'
      : 'Signed by a chip key that the given trust anchors vouch for; they are not AMD’s.',
    ...(open.length === 0 ? [] : [`Not checked: ${open.join(', ')}.`]),
    ...(verified.product === 'Milan' ? [`Caution: ${checks['policy.milan']}`] : []),
  ].join(' ');
}

/** Before the certificates are verified nobody knows which product's TCB layout holds. */
function documentOfUnverified({ fields }: UnverifiedReport): Json {
  return { ...documentOfFields(fields), product: null, reportedTcb: null };
}

function documentOfVerified({ fields, product, tcb, ...proof }: VerifiedReport): Json {
  return {
    ...documentOfFields(fields),
    product,
    reportedTcb: tcb.reported,
    currentTcb: tcb.current,
    committedTcb: tcb.committed,
    launchTcb: tcb.launch,
    cspId: proof.cspId,
    rootSpkiSha256: proof.rootSpkiSha256,
    revocation: proof.revocation,
  };
}

function documentOfFields(fields: ReportFields): Json {
  return {
    version: fields.version,
    product: null,
    signer: fields.signer,
    vmpl: fields.vmpl,
    debug: fields.debug,
    migrateMa: fields.migrationAgent,
    smt: fields.smt,
    policy: bits(fields.policy),
    platformInfo: bits(fields.platformInfo),
    measurement: fields.measurement,
    reportData: fields.reportData,
    hostData: fields.hostData,
    chipId: fields.chipId,
    cpuid: fields.cpu,
    guestSvn: fields.guestSvn,
    familyId: fields.familyId,
    imageId: fields.imageId,
    idKeyDigest: fields.idKeyDigest,
    authorKeyDigest: fields.authorKeyDigest,
    authorKeyEn: fields.authorKeyEnabled,
    maskChipKey: fields.chipKeyMasked,
    reportId: fields.reportId,
    reportIdMa: fields.reportIdMa,
    currentFw: firmware(fields.currentFirmware),
    committedFw: firmware(fields.committedFirmware),
    launchMitVector: bits(fields.launchMitigations),
    currentMitVector: bits(fields.currentMitigations),
  };
}

/** Sixty-four bits in hex: more than a JSON number holds. */
function bits(value: bigint | null): string | null {
  return value === null ? null : `0x${value.toString(16)}`;
}

function firmware(version: Firmware): string {
  return version.join('.');
}

/** A certificate, or a list that one of them signed: bounded alike. */
async function readOptional(options: Options, name: string): Promise<Uint8Array | null> {
  if (options[name] === undefined) return null;
  return await readInput(options, name, CERTIFICATE_SIZE_BYTES_MAX);
}

/** One byte more than allowed is enough for the parser to refuse; the rest is never read. */
async function readInput(options: Options, name: string, sizeMax: number): Promise<Uint8Array> {
  return await readFileStart(requiredText(options, name, 'FILE'), name, sizeMax + 1);
}
