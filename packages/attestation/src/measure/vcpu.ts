// The first state of a virtual processor, which is part of the measurement: the VMSA page (AMD APM
// volume 2, table B-4) as QEMU and KVM of Linux 6.10 and later fill it, and the CPUID signatures
// of QEMU's processor models.

import type { Bytes } from '../bytes.ts';
import { PAGE_SIZE } from './firmware.ts';

/** Where the first vCPU starts: sixteen bytes below 4 GiB. */
export const FIRST_RESET_ADDRESS = 0xffff_fff0;
/** SEV_FEATURES without anything but SNP: what KVM sets unless it is told otherwise. */
export const GUEST_FEATURES_DEFAULT = 0x1n;

/** A segment: selector, attributes, limit, base. */
type Segment = readonly [offset: number, selector: number, attributes: number, base: number];

const DATA_SEGMENT = 0x93;
const CODE_SEGMENT = 0x9b;
const LDT_SEGMENT = 0x82;
const TASK_SEGMENT = 0x8b;
const LIMIT = 0xffff;
const CODE_SELECTOR = 0xf000;

/** Registers that are the same in every vCPU, by their offset in the page. */
const REGISTERS: readonly (readonly [offset: number, value: bigint])[] = [
  [0x0d0, 0x1000n], // EFER: SVME, which KVM sets
  [0x148, 0x40n], // CR4: MCE
  [0x158, 0x10n], // CR0: ET
  [0x160, 0x400n], // DR7
  [0x168, 0xffff_0ff0n], // DR6
  [0x170, 0x2n], // RFLAGS
  [0x268, 0x0007_0406_0007_0406n], // PAT
  [0x3e8, 0x1n], // XCR0
  [0x408, 0x1f80n], // MXCSR
  [0x410, 0x37fn], // x87 control word
];
const RIP = 0x178;
const RDX = 0x310;
const SEV_FEATURES = 0x3b0;

/** Family, model and stepping as QEMU's models report them (target/i386/cpu.c). */
const NAPLES = [0x17, 0x01, 2] as const;
const ROME = [0x17, 0x31, 0] as const;
const MILAN = [0x19, 0x01, 1] as const;
const GENOA = [0x19, 0x11, 0] as const;
const TURIN = [0x1a, 0x00, 0] as const;
const MODELS: Readonly<Record<string, readonly [family: number, model: number, step: number]>> = {
  EPYC: NAPLES,
  'EPYC-v1': NAPLES,
  'EPYC-v2': NAPLES,
  'EPYC-v3': NAPLES,
  'EPYC-v4': NAPLES,
  'EPYC-Rome': ROME,
  'EPYC-Rome-v1': ROME,
  'EPYC-Rome-v2': ROME,
  'EPYC-Rome-v3': ROME,
  'EPYC-Milan': MILAN,
  'EPYC-Milan-v1': MILAN,
  'EPYC-Milan-v2': MILAN,
  'EPYC-Genoa': GENOA,
  'EPYC-Genoa-v1': GENOA,
  'EPYC-Turin': TURIN,
};

export const vcpuTypes: readonly string[] = Object.keys(MODELS);

/** CPUID Fn0000_0001_EAX (AMD 25481) of one of the types above; null for any other name. */
export function vcpuSignature(type: string): number | null {
  const model = Object.hasOwn(MODELS, type) ? MODELS[type] : undefined;
  if (model === undefined) return null;
  const [family, number, stepping] = model;
  // A family above 15 stands as 15 and what is left, a model as its two digits.
  return (
    ((family - 0xf) << 20) | ((number >> 4) << 16) | (0xf << 8) | ((number & 0xf) << 4) | stepping
  );
}

export function vmsaPage(address: number, signature: number, guestFeatures: bigint): Bytes {
  const page = new Uint8Array(PAGE_SIZE);
  const view = new DataView(page.buffer);
  for (const [offset, selector, attributes, base] of segmentsOf(address)) {
    view.setUint16(offset, selector, true);
    view.setUint16(offset + 2, attributes, true);
    view.setUint32(offset + 4, LIMIT, true);
    view.setUint32(offset + 8, base, true);
  }
  for (const [offset, value] of REGISTERS) view.setBigUint64(offset, value, true);
  view.setUint16(RIP, address & LIMIT, true);
  view.setUint32(RDX, signature, true);
  view.setBigUint64(SEV_FEATURES, guestFeatures, true);
  return page;
}

/** ES, CS, SS, DS, FS, GS, GDTR, LDTR, IDTR, TR. */
function segmentsOf(address: number): readonly Segment[] {
  return [
    [0x00, 0, DATA_SEGMENT, 0],
    // The upper half of the address; the lower one is RIP.
    [0x10, CODE_SELECTOR, CODE_SEGMENT, address - (address & LIMIT)],
    [0x20, 0, DATA_SEGMENT, 0],
    [0x30, 0, DATA_SEGMENT, 0],
    [0x40, 0, DATA_SEGMENT, 0],
    [0x50, 0, DATA_SEGMENT, 0],
    [0x60, 0, 0, 0],
    [0x70, 0, LDT_SEGMENT, 0],
    [0x80, 0, 0, 0],
    [0x90, 0, TASK_SEGMENT, 0],
  ];
}
