// What a release is, so that evidence can name it: the digest of its code, the launch measurements
// it has per number and type of vCPU, and the firmware it wants, signed by some of the release
// keys. Whoever relies on evidence makes a policy of it; an enclave asks it before it hands its
// master key to a successor. Manifest and signatures are untrusted; the release keys and how many
// must agree are the caller's. Runs in browsers too.
//
// Signed with Ed25519 (RFC 8032): the format's name, a zero byte, and the manifest as JSON without
// white space, members in the order of the type below, processors in the order of their names.

import { RecordError } from '@track-record/errors';
import type { Binding } from './binding.ts';
import type { Bytes } from './bytes.ts';
import { hex } from './hex.ts';
import { parsePolicy, type Policy } from './policy.ts';
import { type Tcb, tcbComponents } from './tcb.ts';
import type { TrustAnchors } from './trust-anchors.ts';
import { parseEvidence, verifyEvidence, type VerifiedEvidence } from './verify-evidence.ts';

const FORMAT = 'track-record-release/1';
const FIELDS = ['format', 'version', 'svn', 'codeSha256', 'measurements', 'minTcb'];
const MEASUREMENT_FIELDS = ['vcpus', 'vcpuType', 'hex'];
const SIGNATURE_FIELDS = ['key', 'signature'];
const U32_MAX = 0xffff_ffff;
/** More than any machine has. */
const VCPUS_MAX = 4096;
/** One per number and type of vCPU that is offered. */
const MEASUREMENTS_MAX = 1000;
/** Bounds the work that a hostile list of signatures can cause. */
const SIGNATURES_MAX = 64;
const VERSION = /^\d{1,5}\.\d{1,5}\.\d{1,5}$/;
/** As QEMU names them: EPYC-v4. */
const VCPU_TYPE = /^[A-Za-z0-9-]{1,32}$/;
/** What holds for a processor that the manifest does not name: no firmware is new enough. */
const OF_NO_PROCESSOR: Tcb = Object.fromEntries(tcbComponents.map((name) => [name, 0xff]));

export interface ReleaseMeasurement {
  readonly vcpus: number;
  readonly vcpuType: string;
  /** 48 bytes. */
  readonly hex: string;
}

export interface ReleaseManifest {
  readonly format: typeof FORMAT;
  /** For people; nothing is decided by it. */
  readonly version: string;
  /** Security version: never goes down, and up when an older release must not get the key. */
  readonly svn: number;
  readonly codeSha256: string;
  readonly measurements: readonly ReleaseMeasurement[];
  /** By `family/model` in hex, as in `19/a0`: microcode numbers differ by model. */
  readonly minTcb: Readonly<Record<string, Tcb>>;
}

/** What whoever gives a key to an enclave expects of it. */
interface ExpectedRelease {
  readonly releaseKeys: readonly string[];
  readonly releaseThreshold: number;
  readonly minSvn: number;
  /** Hex. */
  readonly successionSha256: string;
  readonly trustAnchors: TrustAnchors;
  /** Ms UTC. */
  readonly now: number;
}

/** Not exported, so that nobody else can write down a VerifiedManifest. */
const VERIFIED = Symbol('verified');

/** Enough release keys signed it. */
export interface VerifiedManifest extends ReleaseManifest {
  readonly [VERIFIED]: true;
}

/** MANIFEST_MALFORMED for a field unknown, missing or of another form. */
export function parseManifest(value: unknown): ReleaseManifest {
  const { format, version, svn, codeSha256, ...lists } = recordOf(value, FIELDS, 'manifest');
  const { measurements, minTcb } = lists;
  if (format !== FORMAT) throw malformed('manifest.format');
  if (!isText(version, VERSION)) throw malformed('manifest.version');
  if (!isInteger(svn, 0, U32_MAX)) throw malformed('manifest.svn');
  if (!isHex(codeSha256, 32)) throw malformed('manifest.codeSha256');
  if (!isList(measurements, MEASUREMENTS_MAX)) throw malformed('manifest.measurements');
  const rows = measurements.map(parseMeasurement);
  return { format, version, svn, codeSha256, measurements: rows, minTcb: parseMinTcb(minTcb) };
}

/** What is signed; parsed once more, which puts every member in its place. */
export function manifestBytes(manifest: ReleaseManifest): Bytes {
  return new TextEncoder().encode(`${FORMAT}\0${JSON.stringify(parseManifest(manifest))}`);
}

/**
 * `signed`: `{manifest, signatures: [{key, signature}]}`; keys are raw Ed25519, all in hex. A key
 * counts once, and one that is not among `releaseKeys` never. CONFIG_INVALID: no such keys, or not
 * between one and all of them to agree; MANIFEST_MALFORMED, MANIFEST_UNSIGNED.
 */
export async function verifyManifest(
  signed: unknown,
  releaseKeys: readonly string[],
  threshold: number,
): Promise<VerifiedManifest> {
  const keys = new Set(releaseKeys);
  if (!isInteger(threshold, 1, keys.size) || ![...keys].every((key) => isHex(key, 32))) {
    throw new RecordError('CONFIG_INVALID', { place: 'releaseKeys' });
  }
  const { manifest, signatures } = recordOf(signed, ['manifest', 'signatures'], 'release');
  if (!isList(signatures, SIGNATURES_MAX)) throw malformed('release.signatures');
  const parsed = parseManifest(manifest);
  const bytes = manifestBytes(parsed);
  const signers = await Promise.all(signatures.map((each) => signerOf(each, keys, bytes)));
  // The same signer twice is one signer; null stands for none.
  const counted = new Set(signers.filter((key) => key !== null));
  if (counted.size < threshold) throw new RecordError('MANIFEST_UNSIGNED');
  return { ...parsed, [VERIFIED]: true };
}

/** What evidence must meet to be of this release; POLICY_CODE is checkRelease's. */
export function policyOf(manifest: VerifiedManifest): Policy {
  const measurements = manifest.measurements.map((each) => each.hex);
  const tcb = { minTcb: OF_NO_PROCESSOR, minTcbByCpu: manifest.minTcb };
  return parsePolicy({ measurements, ...tcb }, 'refuse');
}

/**
 * Whether verified evidence names this release's code, and the release is not below `minSvn`: the
 * svn of the enclave that is to hand its key over. POLICY_CODE, MANIFEST_SVN.
 */
export function checkRelease(manifest: VerifiedManifest, binding: Binding, minSvn: number): void {
  if (hex(binding.codeSha256) !== manifest.codeSha256) throw new RecordError('POLICY_CODE');
  // An older release may have a hole through which the key gets out (rollback).
  if (manifest.svn < minSvn) throw new RecordError('MANIFEST_SVN');
}

/**
 * Evidence and the signed manifest of the release that it shall be of, both as JSON: all that is
 * asked before a key is sealed to an enclave. Refuses as the functions above and verifyEvidence do.
 */
export async function verifyRelease(
  evidence: unknown,
  signed: unknown,
  expected: ExpectedRelease,
): Promise<VerifiedEvidence & { readonly manifest: VerifiedManifest }> {
  const { releaseKeys, releaseThreshold, trustAnchors, now } = expected;
  const manifest = await verifyManifest(signed, releaseKeys, releaseThreshold);
  const policy = { ...policyOf(manifest), successions: [expected.successionSha256] };
  const verified = await verifyEvidence(parseEvidence(evidence), trustAnchors, policy, now);
  checkRelease(manifest, verified.binding, expected.minSvn);
  return { ...verified, manifest };
}

/** The listed key that made this signature; null when none did. */
async function signerOf(
  value: unknown,
  keys: ReadonlySet<string>,
  bytes: Bytes,
): Promise<string | null> {
  const { key, signature } = recordOf(value, SIGNATURE_FIELDS, 'release.signatures');
  const isFormed = isHex(key, 32) && isHex(signature, 64);
  if (!isFormed) throw malformed('release.signatures');
  if (!keys.has(key)) return null;
  const raw = await crypto.subtle.importKey('raw', bytesOf(key), 'Ed25519', false, ['verify']);
  return (await crypto.subtle.verify('Ed25519', raw, bytesOf(signature), bytes)) ? key : null;
}

function parseMeasurement(value: unknown): ReleaseMeasurement {
  const place = 'manifest.measurements';
  const { vcpus, vcpuType, hex: digest } = recordOf(value, MEASUREMENT_FIELDS, place);
  const isFormed = isInteger(vcpus, 1, VCPUS_MAX) && isText(vcpuType, VCPU_TYPE);
  if (!isFormed || !isHex(digest, 48)) throw malformed(place);
  return { vcpus, vcpuType, hex: digest };
}

/** As the policy has it; sorted, because the order is signed. */
function parseMinTcb(value: unknown): Readonly<Record<string, Tcb>> {
  try {
    const { minTcbByCpu } = parsePolicy({ minTcbByCpu: value ?? null }, 'refuse');
    const rows = Object.entries(minTcbByCpu).map(([cpu, tcb]) => [cpu, sorted(tcb)] as const);
    return Object.fromEntries(rows.toSorted(([left], [right]) => (left < right ? -1 : 1)));
  } catch (cause) {
    throw new RecordError('MANIFEST_MALFORMED', { cause, place: 'manifest.minTcb' });
  }
}

function sorted(tcb: Tcb): Tcb {
  const parts = tcbComponents.map((name) => [name, tcb[name]] as const);
  return Object.fromEntries(parts.filter(([, version]) => version !== undefined));
}

/** Exactly these members. */
function recordOf(
  value: unknown,
  names: readonly string[],
  place: string,
): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isRecord || Object.keys(value).length !== names.length) throw malformed(place);
  if (!names.every((name) => Object.hasOwn(value, name))) throw malformed(place);
  return { ...value };
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

/** Lower case only, so that equal bytes have equal texts. */
function isHex(value: unknown, size: number): value is string {
  return isText(value, /^[0-9a-f]*$/) && value.length === 2 * size;
}

function isInteger(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && typeof value === 'number' && value >= min && value <= max;
}

function isList(value: unknown, lengthMax: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0 && value.length <= lengthMax;
}

function bytesOf(digits: string): Bytes {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function malformed(place: string): RecordError {
  return new RecordError('MANIFEST_MALFORMED', { place });
}
