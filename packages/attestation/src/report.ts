// The 1184 bytes of an SNP attestation report (AMD 56860, table ATTESTATION_REPORT), versions 2 to
// 5, little endian: parsed, and nothing believed. Whether AMD's key signed them is asked in
// verify-report.ts.

import { type Bytes, isZero } from './bytes.ts';
import { refusal } from './refusal.ts';
import { hex } from './hex.ts';
import { type Cpu, type Product, productOf, type Signer } from './product.ts';
import { parseTcb, type Tcb, TCB_SIZE } from './tcb.ts';

export const REPORT_SIZE = 0x4a0;
export const REPORT_VERSIONS = { min: 2, max: 5 };

/** CPUID fields stand in the report from version 3 on, mitigation vectors from version 5. */
const VERSION_WITH_CPU = 3;
const VERSION_WITH_MITIGATIONS = 5;

/** Bytes that must be zero, from (included) to (excluded), in which versions. */
const RESERVED: readonly { from: number; to: number; max?: number }[] = [
  { from: 0x04c, to: 0x050 },
  { from: 0x188, to: 0x18b, max: VERSION_WITH_CPU - 1 },
  { from: 0x18b, to: 0x1a0 },
  { from: 0x1eb, to: 0x1ec },
  { from: 0x1ef, to: 0x1f0 },
  { from: 0x1f8, to: 0x208, max: VERSION_WITH_MITIGATIONS - 1 },
  { from: 0x208, to: 0x2a0 },
  // The signature is not itself signed: a stray bit in it would make a second report of the same.
  { from: 0x2a0 + 48, to: 0x2a0 + 72 },
  { from: 0x2e8 + 48, to: 0x2e8 + 72 },
  { from: 0x330, to: REPORT_SIZE },
];

const SIGNED_SIZE = 0x2a0;
/** r and s stand as 72 little-endian bytes each, of which P-384 uses 48. */
const SIGNATURE_R = 0x2a0;
const SIGNATURE_S = 0x2e8;
const SCALAR_SIZE = 48;

const POLICY_RESERVED_ONE = 1n << 17n;
const POLICY_SMT = 1n << 16n;
const POLICY_MIGRATION_AGENT = 1n << 18n;
const POLICY_DEBUG = 1n << 19n;
/** Bits 63 to 26. */
const POLICY_KNOWN_BITS = 26n;

const VMPL_MAX = 3;
const ECDSA_P384_SHA384 = 1;
/** Bits 31 to 5 of the signer information. */
const SIGNER_INFO_MAX = 0x1f;
const AUTHOR_KEY_ENABLED = 1 << 0;
const CHIP_KEY_MASKED = 1 << 1;
/** Bits 4:2; 7 means that nothing signed, and 2 to 6 are reserved. */
const SIGNING_KEYS: ReadonlyMap<number, Signer> = new Map([
  [0, 'VCEK'],
  [1, 'VLEK'],
]);

/** Major, minor, build of the security processor's firmware. */
export type Firmware = readonly [major: number, minor: number, build: number];

/** Byte strings are lower-case hex, which nobody can change after they were verified. */
export type ReportFields = ReturnType<typeof readFields>;

/** Says what some report claims; it may be from anybody. */
export interface UnverifiedReport {
  readonly fields: ReportFields;
  /** The report itself. Verification reads it again, so that changed fields convince nobody. */
  readonly bytes: Bytes;
}

/** In use, as the signing key is derived from; installed for good; at the launch of the guest. */
export type Tcbs = Readonly<Record<'current' | 'reported' | 'committed' | 'launch', Tcb>>;

/** The input is copied. Refuses with REPORT_MALFORMED. */
export function parseReport(input: Uint8Array): UnverifiedReport {
  if (input.length !== REPORT_SIZE) throw refusal('report.length');
  const bytes = new Uint8Array(input);
  const view = new DataView(bytes.buffer);
  requireLayout(bytes, view);
  return { fields: readFields(bytes, view), bytes };
}

/**
 * The layout of a TCB version depends on the product, which in version 2 only certificates tell.
 */
export function tcbsOf({ bytes }: UnverifiedReport, product: Product): Tcbs {
  const at = (from: number): Tcb => parseTcb(bytes.subarray(from, from + TCB_SIZE), product);
  return { current: at(0x038), reported: at(0x180), committed: at(0x1e0), launch: at(0x1f0) };
}

/** What the chip signed. */
export function signedBytesOf({ bytes }: UnverifiedReport): Bytes {
  return bytes.subarray(0, SIGNED_SIZE);
}

/**
 * r and s as WebCrypto takes them, big endian (IEEE P1363). With (r, n - s) the same report
 * verifies as well: neither its bytes nor their digest are a unique name for it.
 */
export function signatureOf({ bytes }: UnverifiedReport): Bytes {
  const signature = new Uint8Array(2 * SCALAR_SIZE);
  signature.set(bytes.slice(SIGNATURE_R, SIGNATURE_R + SCALAR_SIZE).reverse());
  signature.set(bytes.slice(SIGNATURE_S, SIGNATURE_S + SCALAR_SIZE).reverse(), SCALAR_SIZE);
  return signature;
}

function requireLayout(bytes: Bytes, view: DataView): void {
  const version = view.getUint32(0x000, true);
  const isKnown = version >= REPORT_VERSIONS.min && version <= REPORT_VERSIONS.max;
  if (!isKnown) throw refusal('report.version');
  for (const { from, to, max = version } of RESERVED) {
    const isZeroed = version > max || isZero(bytes.subarray(from, to));
    if (!isZeroed) throw refusal('report.reserved');
  }
  const policy = view.getBigUint64(0x008, true);
  const isPolicy = policy >> POLICY_KNOWN_BITS === 0n && (policy & POLICY_RESERVED_ONE) !== 0n;
  if (!isPolicy) throw refusal('report.policy');
  // FFFFFFFF in a report that the host asked for: nothing in it speaks for the guest.
  if (view.getUint32(0x030, true) > VMPL_MAX) throw refusal('report.vmpl');
  if (view.getUint32(0x034, true) !== ECDSA_P384_SHA384) throw refusal('report.signatureAlgorithm');
  if (view.getUint32(0x048, true) > SIGNER_INFO_MAX) throw refusal('report.signerInfo');
}

function readFields(bytes: Bytes, view: DataView) {
  const text = (from: number, size: number): string => hex(bytes.subarray(from, from + size));
  const version = view.getUint32(0x000, true);
  const policy = view.getBigUint64(0x008, true);
  const signerInfo = view.getUint32(0x048, true);
  const hasMitigations = version >= VERSION_WITH_MITIGATIONS;
  return Object.freeze({
    version,
    guestSvn: view.getUint32(0x004, true),
    policy,
    debug: (policy & POLICY_DEBUG) !== 0n,
    migrationAgent: (policy & POLICY_MIGRATION_AGENT) !== 0n,
    smt: (policy & POLICY_SMT) !== 0n,
    familyId: text(0x010, 16),
    imageId: text(0x020, 16),
    vmpl: view.getUint32(0x030, true),
    platformInfo: view.getBigUint64(0x040, true),
    authorKeyEnabled: (signerInfo & AUTHOR_KEY_ENABLED) !== 0,
    chipKeyMasked: (signerInfo & CHIP_KEY_MASKED) !== 0,
    signer: signerOf(signerInfo),
    reportData: text(0x050, 64),
    measurement: text(0x090, 48),
    hostData: text(0x0c0, 32),
    idKeyDigest: text(0x0e0, 48),
    authorKeyDigest: text(0x110, 48),
    reportId: text(0x140, 32),
    reportIdMa: text(0x160, 32),
    /** Null in version 2. */
    cpu: version < VERSION_WITH_CPU ? null : cpuOf(view),
    chipId: text(0x1a0, 64),
    currentFirmware: firmwareAt(view, 0x1e8),
    committedFirmware: firmwareAt(view, 0x1ec),
    /** Null before version 5. */
    launchMitigations: hasMitigations ? view.getBigUint64(0x1f8, true) : null,
    currentMitigations: hasMitigations ? view.getBigUint64(0x200, true) : null,
  });
}

function signerOf(signerInfo: number): Signer {
  const signer = SIGNING_KEYS.get(signerInfo >> 2);
  if (signer === undefined) throw refusal('report.signingKey');
  return signer;
}

function cpuOf(view: DataView): Cpu {
  const at = (offset: number): number => view.getUint8(offset);
  const cpu = { family: at(0x188), model: at(0x189), stepping: at(0x18a) };
  if (productOf(cpu) === null) throw refusal('report.cpu');
  return cpu;
}

function firmwareAt(view: DataView, offset: number): Firmware {
  return [view.getUint8(offset + 2), view.getUint8(offset + 1), view.getUint8(offset)];
}
