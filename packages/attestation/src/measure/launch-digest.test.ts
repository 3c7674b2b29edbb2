// Against the published digests of sev-snp-measure 0.0.11 and virtee/sev (their tests/test_guest.py
// and tests/measurement.rs): OVMF's AmdSev build, for which they give the digest of the image, and
// whose tables are written here from EDK2's sources. Kernel and initrd are empty, as theirs are.

import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import {
  AMD_SEV_SECTIONS,
  fakeFirmware,
  FIRMWARE_GUIDS,
  type FirmwareOptions,
} from '../../../testkit/src/amd/fake-firmware.ts';
import { FIRMWARE_SIZE_MAX, parseFirmware } from './firmware.ts';
import {
  type BootHashes,
  firmwareDigest,
  launchDigest,
  type LaunchShape,
} from './launch-digest.ts';
import { vcpuSignature, vcpuTypes } from './vcpu.ts';

/** `--mode snp:ovmf-hash` of the fixture ovmf_AmdSev_suffix.bin. */
const OF_FIRMWARE =
  '086e2e9149ebf45abdc3445fba5b2da8270bdbb04094d7a2' +
  'c37faaa4b24af3aa16aff8c374c2a55c467a50da6d466b74';
const COMMAND_LINE = 'console=ttyS0 loglevel=7';
const NAPLES = 0x80_0f12;

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function sha384(...parts: Uint8Array[]): Buffer {
  return createHash('sha384').update(Buffer.concat(parts)).digest();
}

function bootOf(commandLine: string): BootHashes {
  return { kernel: sha256(''), initrd: sha256(''), commandLine: sha256(`${commandLine}\0`) };
}

function shapeOf(vcpus: number, guestFeatures = 0x1n): LaunchShape {
  return { vcpus, vcpuSignature: NAPLES, guestFeatures };
}

async function digestOf(
  boot: BootHashes | null,
  shape: LaunchShape,
  options: FirmwareOptions = {},
): Promise<string> {
  const ofFirmware = new Uint8Array(Buffer.from(OF_FIRMWARE, 'hex'));
  const firmware = parseFirmware(fakeFirmware(options));
  return Buffer.from(await launchDigest(firmware, ofFirmware, boot, shape)).toString('hex');
}

async function refusalOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'accepted';
  } catch (error) {
    return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
  }
}

describe('accepts', () => {
  const published: readonly (readonly [string, number, bigint, string | null, string])[] = [
    [
      'test_snp_ovmf_hash_gen_default',
      1,
      0x21n,
      '',
      '329c8ce0972ae52343b64d34a434a86f245dfd74f5ed7aae' +
        '15d22efc78fb9683632b9b50e4e1d7fa41179ef98a7ef198',
    ],
    [
      'test_snp_ovmf_hash_gen_feature_snp_only',
      1,
      0x1n,
      '',
      'ddc5224521617a536ee7ce9dd6224d1b58a8d4fda1c741f3' +
        'ac99fc4bfa04ba6e9fc98646d4a07a9079397fa3852819b5',
    ],
    [
      'test_snp_default',
      1,
      0x21n,
      COMMAND_LINE,
      '803f691094946e42068aaa3a8f9e26a5c89f36f7b73ecfb2' +
        '8c653360fe4b3aba7e534442e7e1e17895dfe778d0228977',
    ],
    [
      'test_snp_guest_feature_snp_only',
      1,
      0x1n,
      COMMAND_LINE,
      '6d287813eb5222d770f75005c664e34c204f385ce832cc2c' +
        'e7d0d6f354454362f390ef83a92046c042e706363b4b08fa',
    ],
    [
      'test_snp_without_kernel_default',
      1,
      0x21n,
      null,
      'e1e1ca029dd7973ab9513295be68198472dcd4fc834bd9af' +
        '9b63f6e8a1674dbf281a9278a4a2ebe0eed9f22adbcd0e2b',
    ],
    [
      'test_snp_without_kernel_feature_snp_only',
      1,
      0x1n,
      null,
      '19358ba9a7615534a9a1e2f0dfc29384dcd4dcb7062ff9c6' +
        '013b26869a5fc6ecabe033c48dd6f6db5d6d76e7c5df632d',
    ],
    [
      'test_snp_with_multiple_vcpus_default',
      4,
      0x21n,
      '',
      '4953b1fb416fa874980e8442b3706d345926d5f38879134e' +
        '00813c5d7abcbe78eafe7b422907be0b4698e2414a631942',
    ],
    [
      'test_snp_with_multiple_vcpus_feature_snp_only',
      4,
      0x1n,
      '',
      '5061fffb019493a903613d56d54b94912a1a2f9e4502385f' +
        '5c194616753720a92441310ba6c4933de877c36e23046ad5',
    ],
  ];
  test.each(published)(
    'the published digest of %s',
    async (_name, vcpus, features, append, want) => {
      const boot = append === null ? null : bootOf(append);
      expect(await digestOf(boot, shapeOf(vcpus, features))).toBe(want);
    },
  );

  test('an image page by page, each chained to the one before with its address', async () => {
    const image = fakeFirmware({ pages: 3 });
    // PAGE_INFO of AMD 56860 for a normal page, written out.
    const expected = [0, 1, 2].reduce<Buffer>((digest, page) => {
      const content = sha384(image.subarray(page * 4096, (page + 1) * 4096));
      const address = Buffer.alloc(8);
      address.writeBigUInt64LE(BigInt(0xffff_d000 + page * 4096));
      return sha384(digest, content, Buffer.from('7000010000000000', 'hex'), address);
    }, Buffer.alloc(48));
    const firmware = parseFirmware(image);
    expect(Buffer.from(await firmwareDigest(firmware, image))).toEqual(expected);
  });

  test('the CPUID signatures of QEMU’s models', () => {
    const known = {
      'EPYC-v4': 0x80_0f12,
      'EPYC-Rome': 0x83_0f10,
      'EPYC-Milan': 0xa0_0f11,
      'EPYC-Genoa': 0xa1_0f10,
      'EPYC-Turin': 0xb0_0f00,
    };
    for (const [name, signature] of Object.entries(known)) {
      expect([name, vcpuSignature(name)]).toEqual([name, signature]);
    }
    expect(vcpuTypes.every((type) => vcpuSignature(type) !== null)).toBe(true);
    expect(vcpuSignature('toString')).toBeNull();
  });
});

describe('refuses', () => {
  const { footer, hashTable, resetBlock, metadata } = FIRMWARE_GUIDS;
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const images: readonly (readonly [string, Buffer, string])[] = [
    ['nothing', Buffer.alloc(0), 'size'],
    ['half a page', fakeFirmware().subarray(2048), 'size'],
    ['more than QEMU maps', Buffer.alloc(FIRMWARE_SIZE_MAX + 4096), 'size'],
    ['no table', Buffer.alloc(4096), 'table'],
    ['another file', Buffer.alloc(4096, '<html>'), 'table'],
    ['a table longer than the image', fakeFirmware({ alter: at(-50, 0xff, 0xff) }), 'table'],
    ['an entry of no size', fakeFirmware({ alter: at(-68, 0, 0) }), 'table'],
    ['an entry beyond the table', fakeFirmware({ alter: at(-68, 0, 1) }), 'table'],
    [
      'an entry without content',
      fakeFirmware({ entries: { [resetBlock]: word(0).subarray(1) } }),
      'table',
    ],
    [
      'an entry that is there twice',
      fakeFirmware({ entries: { [footer]: word(0), [footer.toUpperCase()]: word(0) } }),
      'table',
    ],
    ['no metadata', fakeFirmware({ entries: { [metadata]: null } }), 'metadata'],
    [
      'metadata before the image',
      fakeFirmware({ entries: { [metadata]: word(8192) } }),
      'metadata',
    ],
    ['metadata behind the image', fakeFirmware({ entries: { [metadata]: word(8) } }), 'metadata'],
    ['another signature', fakeFirmware({ alter: at(-0x800, 0x42) }), 'metadata'],
    ['another version', fakeFirmware({ alter: at(-0x800 + 8, 2) }), 'metadata'],
    [
      'four billion sections',
      fakeFirmware({ alter: at(-0x800 + 12, 255, 255, 255, 255) }),
      'metadata',
    ],
    ['a length for fewer sections', fakeFirmware({ alter: at(-0x800 + 4, 16) }), 'metadata'],
    ['an unknown section', fakeFirmware({ sections: [[0, 4096, 9]] }), 'section'],
    ['half a page of memory', fakeFirmware({ sections: [[0, 2048, 1]] }), 'section'],
    ['memory between two pages', fakeFirmware({ sections: [[16, 4096, 1]] }), 'section'],
    ['no memory', fakeFirmware({ sections: [[0, 0, 1]] }), 'section'],
    ['4 GiB of memory', fakeFirmware({ sections: [[0, 0xffff_f000, 1]] }), 'section'],
    ['memory above 4 GiB', fakeFirmware({ sections: [[0xffff_f000, 8192, 1]] }), 'section'],
    ['two pages of secrets', fakeFirmware({ sections: [[0, 8192, 2]] }), 'section'],
  ];
  test.each(images)('an image with %s', async (_name, image, place) => {
    expect(await refusalOf(() => parseFirmware(image))).toBe(`FIRMWARE_REFUSED firmware.${place}`);
  });

  test('a kernel where the firmware would not check it', async () => {
    const without = AMD_SEV_SECTIONS.filter(([, , type]) => type !== 0x10);
    const changes: readonly FirmwareOptions[] = [
      { sections: without },
      { entries: { [hashTable]: null } },
      { entries: { [hashTable]: word(0x81_1000) } },
      { entries: { [hashTable]: word(0x81_0fff) } },
    ];
    for (const change of changes) {
      const refused = await refusalOf(() => digestOf(bootOf(''), shapeOf(1), change));
      expect(refused).toBe('FIRMWARE_REFUSED firmware.kernelHashes');
    }
  });

  test('a second vCPU that the firmware does not start', async () => {
    const change = { entries: { [resetBlock]: null } };
    expect(await refusalOf(() => digestOf(null, shapeOf(1), change))).toBe('accepted');
    const refused = await refusalOf(() => digestOf(null, shapeOf(2), change));
    expect(refused).toBe('FIRMWARE_REFUSED firmware.resetBlock');
  });

  function at(from: number, ...bytes: number[]): (image: Buffer) => void {
    return (image) => image.set(bytes, image.length + from);
  }
});

describe('holds', () => {
  test('S1 measurement-is-not-a-key: anybody computes it from public files', async () => {
    const boot = bootOf(COMMAND_LINE);
    const one = await digestOf(boot, shapeOf(2));
    expect(await digestOf(boot, shapeOf(2))).toBe(one);
  });

  test('S2 the-measurement-names-our-code: each input changes it', async () => {
    const boot = bootOf(COMMAND_LINE);
    const digests = await Promise.all([
      digestOf(boot, shapeOf(1)),
      digestOf(boot, shapeOf(2)),
      digestOf(boot, shapeOf(1, 0x21n)),
      digestOf(boot, { ...shapeOf(1), vcpuSignature: NAPLES + 1 }),
      digestOf({ ...boot, kernel: sha256('x') }, shapeOf(1)),
      digestOf({ ...boot, initrd: sha256('x') }, shapeOf(1)),
      digestOf({ ...boot, commandLine: sha256('x') }, shapeOf(1)),
      digestOf(null, shapeOf(1)),
    ]);
    expect(new Set(digests).size).toBe(digests.length);
    const images = [fakeFirmware(), fakeFirmware({ alter: (image) => image.set([1], 0) })];
    const ofImages = await Promise.all(
      images.map(async (image) => Buffer.from(await firmwareDigest(parseFirmware(image), image))),
    );
    expect(ofImages[0]).not.toEqual(ofImages[1]);
  });
});
