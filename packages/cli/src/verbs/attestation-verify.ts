// `track-record attestation verify`: is this SNP report from an AMD chip, and is it the one that
// the policy wants? Offline. Report and certificates may come from anybody; only AMD's pinned roots
// count, or those of --trust-anchors. The answer names what was not checked.

import { open, type FileHandle } from 'node:fs/promises';
import {
  amdTrustAnchors,
  CERTIFICATE_SIZE_BYTES_MAX,
  checkReport,
  checks,
  explainRefusal,
  type Firmware,
  parsePolicy,
  parseReport,
  parseTrustAnchors,
  type Policy,
  REPORT_SIZE,
  type ReportFields,
  type TrustAnchors,
  type UnverifiedReport,
  type VerifiedReport,
  verifyReport,
} from '@track-record/attestation';
import { type Code, RecordError } from '@track-record/errors';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** A root and two intermediates for each of three products, in PEM, with room to spare. */
const TRUST_ANCHORS_SIZE_MAX = 9 * CERTIFICATE_SIZE_BYTES_MAX;
/** A hundred thousand measurements. */
const POLICY_SIZE_MAX = 16 * 1024 * 1024;

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
  },
  run: async ({ options, positionals }) => {
    if (positionals.length > 0) throw new UsageError('Files are given by --report and --leaf.');
    return outputOf(await judge(options));
  },
};

async function judge(options: Options): Promise<Verdict> {
  const report = await readFile(options, 'report', REPORT_SIZE);
  const leaf = await readFile(options, 'leaf', CERTIFICATE_SIZE_BYTES_MAX);
  const intermediate =
    options['intermediate'] === undefined
      ? null
      : await readFile(options, 'intermediate', CERTIFICATE_SIZE_BYTES_MAX);
  const policy = await readPolicy(options);
  const trustAnchors = await readTrustAnchors(options);
  const now = parseInstant(options['at']);
  let seen: Json | null = null;
  try {
    const unverified = parseReport(report);
    seen = documentOfUnverified(unverified);
    const endorsements = { leaf, intermediate, revocationList: null };
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
    ...(verified.product === 'Milan' ? [`Caution: ${checks['policy.milan'].sentence}`] : []),
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

async function readPolicy(options: Options): Promise<Policy> {
  if (options['policy'] === undefined) return parsePolicy({}, 'pass');
  const bytes = await readFile(options, 'policy', POLICY_SIZE_MAX);
  return parsePolicy(parseJson(new TextDecoder().decode(bytes)), 'pass');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'policy' });
  }
}

async function readTrustAnchors(options: Options): Promise<TrustAnchors> {
  if (options['trust-anchors'] === undefined) return amdTrustAnchors;
  const file = await readFile(options, 'trust-anchors', TRUST_ANCHORS_SIZE_MAX);
  try {
    return await parseTrustAnchors(file);
  } catch (cause) {
    // The caller's own choice of authority is an argument, and no finding about the evidence.
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'trust-anchors' });
  }
}

/** One byte more than allowed is enough for the parser to refuse; the rest is never read. */
async function readFile(options: Options, name: string, sizeMax: number): Promise<Uint8Array> {
  const path = options[name];
  if (typeof path !== 'string') throw new UsageError(`--${name} takes a file.`);
  let file: FileHandle | null = null;
  try {
    file = await open(path);
    return await readAtMost(file, sizeMax + 1);
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place: name });
  } finally {
    await file?.close();
  }
}

async function readAtMost(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

function parseInstant(text: string | boolean | undefined): number {
  if (text === undefined) return Date.now();
  const at = typeof text === 'string' && text.endsWith('Z') ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new UsageError('--at takes a time such as 2026-11-22T00:00:00Z.');
  return at;
}
