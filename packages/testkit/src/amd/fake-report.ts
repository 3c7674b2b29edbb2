// An attestation report (AMD 56860, table ATTESTATION_REPORT) with the fields that a test asks for,
// signed by a key of the fake authority. Written from the table and not from our parser, whose
// tests it serves.

import { type KeyObject, sign } from 'node:crypto';
import { FAKE_CHIP, FAKE_TCB, type FakeProduct, type FakeSigner } from './fake-chip.ts';

export interface ReportOptions {
  readonly product: FakeProduct;
  readonly signer: FakeSigner;
  /** 3 unless told otherwise. */
  readonly version?: number;
  readonly policy?: bigint;
  readonly vmpl?: number;
  readonly guestSvn?: number;
  readonly platformInfo?: bigint;
  readonly reportData?: Uint8Array;
  readonly measurement?: Uint8Array;
  readonly hostData?: Uint8Array;
  /** CHIP_ID; zero for a VLEK unless told otherwise, as clouds have it. */
  readonly chipId?: Uint8Array;
  /** CURRENT, REPORTED, COMMITTED and LAUNCH_TCB alike. */
  readonly tcb?: Uint8Array;
  /** CPUID family, model, stepping. */
  readonly cpu?: readonly [family: number, model: number, stepping: number];
  /** LAUNCH_ and CURRENT_MIT_VECTOR, from version 5 on. */
  readonly mitigations?: bigint;
  /** Whatever else shall differ, before the report is signed. */
  readonly alter?: (report: Buffer) => void;
}

const REPORT_SIZE = 0x4a0;
const SIGNED_SIZE = 0x2a0;
/** SMT allowed, and the bit that is always one. */
const POLICY = 0x30000n;
const CPUS: Readonly<Record<FakeProduct, readonly [number, number, number]>> = {
  Milan: [0x19, 0x01, 1],
  Genoa: [0x19, 0x11, 1],
  Turin: [0x1a, 0x02, 1],
};

export function signedReport(options: ReportOptions, key: KeyObject): Buffer {
  const report = Buffer.alloc(REPORT_SIZE);
  writeFields(report, options);
  options.alter?.(report);
  const signed = report.subarray(0, SIGNED_SIZE);
  const signature = sign('sha384', signed, { key, dsaEncoding: 'ieee-p1363' });
  const half = signature.length / 2;
  report.set(signature.subarray(0, half).toReversed(), 0x2a0);
  report.set(signature.subarray(half).toReversed(), 0x2e8);
  return report;
}

function writeFields(report: Buffer, options: ReportOptions): void {
  const { product, signer, version = 3, tcb = FAKE_TCB[product] } = options;
  report.writeUInt32LE(version, 0x000);
  report.writeUInt32LE(options.guestSvn ?? 1, 0x004);
  report.writeBigUInt64LE(options.policy ?? POLICY, 0x008);
  report.writeUInt32LE(options.vmpl ?? 0, 0x030);
  report.writeUInt32LE(1, 0x034);
  report.writeBigUInt64LE(options.platformInfo ?? 0x25n, 0x040);
  report.writeUInt32LE(signer === 'VLEK' ? 1 << 2 : 0, 0x048);
  report.set(options.reportData ?? new Uint8Array(64), 0x050);
  report.set(options.measurement ?? new Uint8Array(48).fill(0x4d), 0x090);
  report.set(options.hostData ?? new Uint8Array(32), 0x0c0);
  report.fill(0x1d, 0x140, 0x160);
  report.fill(0xff, 0x160, 0x180);
  for (const offset of [0x038, 0x180, 0x1e0, 0x1f0]) report.set(tcb, offset);
  if (version >= 3) report.set(options.cpu ?? CPUS[product], 0x188);
  report.set(options.chipId ?? chipIdOf(product, signer), 0x1a0);
  for (const offset of [0x1e8, 0x1ec]) report.set([29, 55, 1], offset);
  if (version < 5) return;
  for (const offset of [0x1f8, 0x200]) report.writeBigUInt64LE(options.mitigations ?? 1n, offset);
}

/** Turin has 8 bytes, then zeros; under a VLEK it is zero. */
function chipIdOf(product: FakeProduct, signer: FakeSigner): Uint8Array {
  if (signer === 'VLEK') return new Uint8Array(64);
  return product === 'Turin' ? FAKE_CHIP.subarray(0, 8) : FAKE_CHIP;
}
