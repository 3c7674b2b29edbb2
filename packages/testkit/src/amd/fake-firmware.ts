// An OVMF image for tests, written from EDK2's side (OvmfPkg/ResetVector: ResetVectorVtf0.asm,
// OvmfSevMetadata.asm): the table of entries by GUID below the reset vector, and the SEV metadata.
// The defaults are those of the AmdSev build whose last 4 KiB are the fixture of sev-snp-measure:
// the published digests of that build hold for everything but the content of the image.

/** Address, size, type: as OvmfSevMetadata.asm has them. */
export type FakeSection = readonly [address: number, size: number, type: number];

export interface FirmwareOptions {
  readonly sections?: readonly FakeSection[];
  /** By GUID, as text; null leaves an entry out. */
  readonly entries?: Readonly<Record<string, Buffer | null>>;
  readonly pages?: number;
  /** What else shall differ in the finished image. */
  readonly alter?: (image: Buffer) => void;
}

export const FIRMWARE_GUIDS = {
  footer: '96b582de-1fb2-45f7-baea-a366c55a082d',
  hashTable: '7255371f-3a3b-4b04-927b-1da6efa8d454',
  resetBlock: '00f771de-1a7e-4fcb-890e-68c77e2fb44e',
  metadata: 'dc886566-984a-4798-a75e-5585a7bf67cc',
} as const;

/** OvmfPkg/AmdSev/AmdSevX64.fdf. */
export const AMD_SEV_SECTIONS: readonly FakeSection[] = [
  [0x80_0000, 0x9000, 0x01],
  [0x80_a000, 0x3000, 0x01],
  [0x80_d000, 0x1000, 0x02],
  [0x80_e000, 0x1000, 0x03],
  [0x80_f000, 0x1000, 0x04],
  [0x81_0000, 0x1000, 0x10],
  [0x81_1000, 0xf000, 0x01],
];

const PAGE_SIZE = 4096;
const RESET_VECTOR_SIZE = 32;
/** From the end of the image, inside its last page. */
const METADATA_DISTANCE = 0x800;

export function fakeFirmware(options: FirmwareOptions = {}): Buffer {
  const { sections = AMD_SEV_SECTIONS, pages = 1 } = options;
  const image = Buffer.alloc(pages * PAGE_SIZE, 0xcc);
  metadataOf(sections).copy(image, image.length - METADATA_DISTANCE);
  const contents: Readonly<Record<string, Buffer | null>> = {
    [FIRMWARE_GUIDS.metadata]: words(METADATA_DISTANCE),
    [FIRMWARE_GUIDS.hashTable]: words(0x81_0c00, 0x400),
    [FIRMWARE_GUIDS.resetBlock]: words(0x80_b004),
    ...options.entries,
  };
  const rows = Object.entries(contents).flatMap(([guid, content]) =>
    content === null ? [] : [entryOf(guid, content)],
  );
  const size = rows.reduce((sum, row) => sum + row.length, 18);
  const table = Buffer.concat([...rows, tailOf(FIRMWARE_GUIDS.footer, size)]);
  table.copy(image, image.length - RESET_VECTOR_SIZE - table.length);
  options.alter?.(image);
  return image;
}

function metadataOf(sections: readonly FakeSection[]): Buffer {
  const size = 16 + 12 * sections.length;
  return Buffer.concat([Buffer.from('ASEV'), words(size, 1, sections.length, ...sections.flat())]);
}

function entryOf(guid: string, content: Buffer): Buffer {
  return Buffer.concat([content, tailOf(guid, content.length + 18)]);
}

function tailOf(guid: string, size: number): Buffer {
  const [first = '', second = '', third = '', ...rest] = guid.split('-');
  const groups = [first, second, third].map((group) => Buffer.from(group, 'hex').reverse());
  return Buffer.concat([
    Buffer.of(size & 0xff, size >> 8),
    ...groups,
    Buffer.from(rest.join(''), 'hex'),
  ]);
}

/** 32 bits each, little endian. */
function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}
