// The launch measurement of an SEV-SNP guest under QEMU, computed from what it is started with: the
// same 48 bytes that stand as MEASUREMENT in its reports (AMD 56860, SNP_LAUNCH_UPDATE, table
// PAGE_INFO). Firmware first, then the pages its metadata names, then one VMSA per vCPU. It needs
// no hardware and no secret, which is why a measurement is public and never a key.

import type { Bytes } from '../bytes.ts';
import {
  type Firmware,
  guid,
  PAGE_SIZE,
  refused,
  type Section,
  type SectionKind,
} from './firmware.ts';
import { FIRST_RESET_ADDRESS, vmsaPage } from './vcpu.ts';

const DIGEST_SIZE = 48;
/** PAGE_INFO: digest so far, digest of the page, own size, type, flags, address. */
const PAGE_INFO_SIZE = 0x70;
/** Where a VMSA lies for the measurement, wherever it really is. */
const VMSA_ADDRESS = 0xffff_ffff_f000n;

const PAGE_TYPES = { normal: 1, vmsa: 2, zero: 3, secrets: 5, cpuid: 6 } as const;
type PageType = keyof typeof PAGE_TYPES;

/** How the pages of a section are measured; their content is not, unless it is known here. */
const SECTION_TYPES: Readonly<Record<SectionKind, PageType>> = {
  memory: 'zero',
  secrets: 'secrets',
  cpuid: 'cpuid',
  callingArea: 'zero',
  kernelHashes: 'zero',
};

/** QEMU target/i386/sev.c: the table of hashes that OVMF checks what it boots against. */
const HASH_TABLE = guid('9438d606-4f22-4cc9-b479-a793d411fd21');
const HASH_ENTRIES = {
  commandLine: guid('97d02dd8-bd20-4c94-aa78-e7714d36ab2a'),
  initrd: guid('44baf731-3a2f-4bd7-9af1-41e29169781d'),
  kernel: guid('4de79437-abd2-427f-b835-d5b172d2045b'),
} as const;
const HASH_ENTRY_SIZE = 50;
const HASH_TABLE_SIZE = 18 + 3 * HASH_ENTRY_SIZE;

/** SHA-256 of each; of an initrd that is not there, that of nothing. */
export interface BootHashes {
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
  /** With the zero byte that ends it. */
  readonly commandLine: Uint8Array;
}

export interface LaunchShape {
  readonly vcpus: number;
  /** CPUID Fn0000_0001_EAX. */
  readonly vcpuSignature: number;
  /** SEV_FEATURES. */
  readonly guestFeatures: bigint;
}

/** The part of the measurement that the image alone makes. */
export async function firmwareDigest(firmware: Firmware, image: Uint8Array): Promise<Bytes> {
  let digest: Bytes = new Uint8Array(DIGEST_SIZE);
  for (let at = 0; at < image.length; at += PAGE_SIZE) {
    const content = await sha384(new Uint8Array(image.subarray(at, at + PAGE_SIZE)));
    digest = await extended(digest, 'normal', content, BigInt(firmware.address + at));
  }
  return digest;
}

/**
 * The measurement. Without `boot` it names the firmware only. FIRMWARE_REFUSED for a firmware that
 * does not check what it boots, or that cannot start so many vCPUs.
 */
export async function launchDigest(
  firmware: Firmware,
  ofFirmware: Bytes,
  boot: BootHashes | null,
  { vcpus, vcpuSignature, guestFeatures }: LaunchShape,
): Promise<Bytes> {
  const hashPage = boot === null ? null : hashPageOf(firmware, boot);
  let digest = ofFirmware;
  for (const section of firmware.sections) digest = await withSection(digest, section, hashPage);
  for (let vcpu = 0; vcpu < vcpus; vcpu += 1) {
    const address = vcpu === 0 ? FIRST_RESET_ADDRESS : firmware.resetAddress;
    if (address === null) throw refused('firmware.resetBlock');
    const content = await sha384(vmsaPage(address, vcpuSignature, guestFeatures));
    digest = await extended(digest, 'vmsa', content, VMSA_ADDRESS);
  }
  return digest;
}

async function withSection(
  before: Bytes,
  section: Section,
  hashPage: Bytes | null,
): Promise<Bytes> {
  const isHashes = section.kind === 'kernelHashes' && hashPage !== null;
  const type = isHashes ? 'normal' : SECTION_TYPES[section.kind];
  const content = isHashes ? await sha384(hashPage) : new Uint8Array(DIGEST_SIZE);
  let digest = before;
  for (let page = 0; page < section.pages; page += 1) {
    const address = BigInt(section.address + page * PAGE_SIZE);
    digest = await extended(digest, type, content, address);
  }
  return digest;
}

function extended(before: Bytes, type: PageType, content: Bytes, address: bigint): Promise<Bytes> {
  const info = new Uint8Array(PAGE_INFO_SIZE);
  const view = new DataView(info.buffer);
  info.set(before);
  info.set(content, DIGEST_SIZE);
  view.setUint16(0x60, PAGE_INFO_SIZE, true);
  view.setUint8(0x62, PAGE_TYPES[type]);
  view.setBigUint64(0x68, address, true);
  return sha384(info);
}

/** Without both the section and the place in it, the kernel would be started and not measured. */
function hashPageOf({ sections, hashTableAddress }: Firmware, boot: BootHashes): Bytes {
  const section = sections.find(({ kind }) => kind === 'kernelHashes');
  if (section === undefined || hashTableAddress === null) throw refused('firmware.kernelHashes');
  const offset = hashTableAddress - section.address;
  if (offset < 0 || offset + HASH_TABLE_SIZE > PAGE_SIZE) throw refused('firmware.kernelHashes');
  const table = [
    ...entryHead(HASH_TABLE, HASH_TABLE_SIZE),
    ...entryHead(HASH_ENTRIES.commandLine, HASH_ENTRY_SIZE),
    ...boot.commandLine,
    ...entryHead(HASH_ENTRIES.initrd, HASH_ENTRY_SIZE),
    ...boot.initrd,
    ...entryHead(HASH_ENTRIES.kernel, HASH_ENTRY_SIZE),
    ...boot.kernel,
  ];
  const page = new Uint8Array(PAGE_SIZE);
  page.set(table, offset);
  return page;
}

function entryHead(name: string, size: number): readonly number[] {
  const bytes = (name.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  return [...bytes, size & 0xff, size >> 8];
}

async function sha384(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-384', bytes));
}
