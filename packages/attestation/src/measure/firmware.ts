// What an OVMF image says of its own launch: where it lies, which further pages the VMM puts into
// the measurement and in which order, and where the vCPUs start. From EDK2's OvmfPkg/ResetVector:
// a table of entries by GUID below the reset vector, and the SEV metadata that one of them points
// to. The image is untrusted; its size is bounded here.

import { RecordError } from '@track-record/errors';
import { hex } from '../hex.ts';

export const PAGE_SIZE = 4096;
/** QEMU maps no larger firmware; builds for SEV-SNP have 2 or 4 MiB. */
export const FIRMWARE_SIZE_MAX = 16 * 1024 * 1024;
/** The image ends here, as a processor starts sixteen bytes below it. */
const FOUR_GIB = 2 ** 32;

/** Ia16/ResetVectorVtf0.asm: the table ends below the 32 bytes of the vector. */
const TABLE_END = 32;
/** After the content of an entry: its whole size in 16 bits, and its GUID. */
const ENTRY_TAIL = 18;
const FOOTER = guid('96b582de-1fb2-45f7-baea-a366c55a082d');
const HASH_TABLE = guid('7255371f-3a3b-4b04-927b-1da6efa8d454');
const RESET_BLOCK = guid('00f771de-1a7e-4fcb-890e-68c77e2fb44e');
const METADATA = guid('dc886566-984a-4798-a75e-5585a7bf67cc');

/** OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm: signature, length, version, number of sections. */
const METADATA_SIGNATURE = hex(new TextEncoder().encode('ASEV'));
const METADATA_HEADER = 16;
const METADATA_VERSION = 1;
/** Address, size, type, 32 bits each. */
const SECTION_SIZE = 12;
/** EDK2 has seven. */
const SECTIONS_MAX = 64;
const SECTION_KINDS: ReadonlyMap<number, SectionKind> = new Map([
  [0x01, 'memory'],
  [0x02, 'secrets'],
  [0x03, 'cpuid'],
  [0x04, 'callingArea'],
  [0x10, 'kernelHashes'],
]);

export type SectionKind = 'memory' | 'secrets' | 'cpuid' | 'callingArea' | 'kernelHashes';

export interface Section {
  readonly kind: SectionKind;
  /** Guest physical address of the first page. */
  readonly address: number;
  readonly pages: number;
}

export interface Firmware {
  readonly address: number;
  /** In the order in which they are measured. */
  readonly sections: readonly Section[];
  /** Where vCPUs but the first start; null when the firmware starts one only. */
  readonly resetAddress: number | null;
  /** Where the VMM writes the hashes of kernel, initrd and command line; null for nowhere. */
  readonly hashTableAddress: number | null;
}

/** FIRMWARE_REFUSED for what is no OVMF with SEV metadata. */
export function parseFirmware(image: Uint8Array): Firmware {
  const isSized = image.length > 0 && image.length <= FIRMWARE_SIZE_MAX;
  if (!isSized || image.length % PAGE_SIZE !== 0) throw refused('firmware.size');
  const entries = entriesOf(image);
  const address = FOUR_GIB - image.length;
  const resetAddress = numberOf(entries.get(RESET_BLOCK));
  const hashTableAddress = numberOf(entries.get(HASH_TABLE));
  return { address, sections: sectionsOf(image, entries), resetAddress, hashTableAddress };
}

/** Read from its end: each entry's size stands behind its content. */
function entriesOf(image: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const end = image.length - TABLE_END;
  const footer = entryBefore(image, end);
  if (footer.guid !== FOOTER) throw refused('firmware.table');
  const start = end - footer.size;
  const entries = new Map<string, Uint8Array>();
  for (let at = end - ENTRY_TAIL; at > start;) {
    const entry = entryBefore(image, at);
    // Of two entries of one name, the VMM and this reader may each take another.
    if (at - entry.size < start || entries.has(entry.guid)) throw refused('firmware.table');
    entries.set(entry.guid, image.subarray(at - entry.size, at - ENTRY_TAIL));
    at -= entry.size;
  }
  return entries;
}

function entryBefore(image: Uint8Array, end: number): { guid: string; size: number } {
  const tail = image.subarray(Math.max(0, end - ENTRY_TAIL), end);
  const size = tail.length < ENTRY_TAIL ? 0 : viewOf(tail).getUint16(0, true);
  if (size < ENTRY_TAIL || size > end) throw refused('firmware.table');
  return { guid: hex(tail.subarray(2)), size };
}

function sectionsOf(
  image: Uint8Array,
  entries: ReadonlyMap<string, Uint8Array>,
): readonly Section[] {
  // The entry holds the distance of the metadata from the end of the image.
  const distance = numberOf(entries.get(METADATA));
  const start = distance === null ? -1 : image.length - distance;
  if (start < 0 || start + METADATA_HEADER > image.length) throw refused('firmware.metadata');
  const header = viewOf(image.subarray(start, start + METADATA_HEADER));
  const [size, version, count] = [4, 8, 12].map((at) => header.getUint32(at, true));
  const isKnown =
    hex(image.subarray(start, start + 4)) === METADATA_SIGNATURE && version === METADATA_VERSION;
  if (!isKnown || count === undefined || count > SECTIONS_MAX) throw refused('firmware.metadata');
  if (size !== METADATA_HEADER + count * SECTION_SIZE) throw refused('firmware.metadata');
  const bytes = image.subarray(start + METADATA_HEADER, start + size);
  if (bytes.length !== count * SECTION_SIZE) throw refused('firmware.metadata');
  return Array.from({ length: count }, (_, index) =>
    sectionAt(viewOf(bytes), index * SECTION_SIZE),
  );
}

function sectionAt(view: DataView, at: number): Section {
  const [address = 0, size = 0, type = 0] = [at, at + 4, at + 8].map((each) =>
    view.getUint32(each, true),
  );
  const kind = SECTION_KINDS.get(type);
  const isAligned = address % PAGE_SIZE === 0 && size % PAGE_SIZE === 0;
  if (kind === undefined || !isAligned) throw refused('firmware.section');
  // The work for a hostile image is bounded by that for the largest one.
  const isBounded = size > 0 && size <= FIRMWARE_SIZE_MAX && address + size <= FOUR_GIB;
  const isSingle = kind === 'memory' || size === PAGE_SIZE;
  if (!isBounded || !isSingle) throw refused('firmware.section');
  return { kind, address, pages: size / PAGE_SIZE };
}

/** The 32 bits at the start of an entry; null without one. */
function numberOf(entry: Uint8Array | undefined): number | null {
  if (entry === undefined) return null;
  if (entry.length < 4) throw refused('firmware.table');
  return viewOf(entry).getUint32(0, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Hex of a GUID as it lies in memory: its first three groups are little endian. */
export function guid(text: string): string {
  const [first = '', second = '', third = '', ...rest] = text.split('-');
  return [...[first, second, third].map(reversed), ...rest].join('');
}

function reversed(digits: string): string {
  return (digits.match(/../g) ?? []).toReversed().join('');
}

export function refused(place: string): RecordError {
  return new RecordError('FIRMWARE_REFUSED', { place });
}
