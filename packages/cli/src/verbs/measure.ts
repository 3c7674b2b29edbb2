// `track-record measure`: the launch measurement that a guest under QEMU will have, from the files
// it is started with, so that nobody has to believe a published one. Offline, without hardware. The
// files may come from anybody; firmware is held in memory up to its largest size, the others are
// read through.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  FIRMWARE_SIZE_MAX,
  firmwareDigest,
  GUEST_FEATURES_DEFAULT,
  launchDigest,
  type BootHashes,
  parseFirmware,
  vcpuSignature,
  vcpuTypes,
} from '@track-record/attestation/measure';
import { RecordError } from '@track-record/errors';
import { readFileStart, requiredText } from '../input.ts';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** As a release manifest has it. */
const VCPUS_MAX = 4096;
const NO_BYTES = new Uint8Array();

type Options = VerbInput['options'];

export const measure: Verb = {
  name: 'measure',
  summary: 'Computes the SEV-SNP launch measurement of a guest from the files it starts with.',
  example:
    'measure --ovmf OVMF.fd --kernel vmlinuz --initrd initrd.img --append "console=ttyS0" ' +
    '--vcpus 4 --vcpu-type EPYC-v4',
  options: {
    ovmf: { type: 'string' },
    kernel: { type: 'string' },
    initrd: { type: 'string' },
    append: { type: 'string' },
    vcpus: { type: 'string' },
    'vcpu-type': { type: 'string' },
    'guest-features': { type: 'string' },
  },
  run,
};

async function run({ options, positionals }: VerbInput): Promise<VerbOutput> {
  if (positionals.length > 0)
    throw new UsageError('Files are given by --ovmf, --kernel, --initrd.');
  const vcpuType = requiredText(options, 'vcpu-type', 'TYPE');
  const shape = {
    vcpus: vcpusOf(options),
    vcpuSignature: signatureOf(vcpuType),
    guestFeatures: guestFeaturesOf(options),
  };
  const file = requiredText(options, 'ovmf', 'FILE');
  const image = await readFileStart(file, 'ovmf', FIRMWARE_SIZE_MAX + 1);
  const firmware = parseFirmware(image);
  const boot = await bootHashesOf(options);
  const ofFirmware = await firmwareDigest(firmware, image);
  const measurement = hexOf(await launchDigest(firmware, ofFirmware, boot, shape));
  return {
    document: {
      measurement,
      // A measurement without a kernel is the same whatever the host starts.
      names: boot === null ? ['firmware'] : ['firmware', 'kernel', 'initrd', 'command line'],
      vcpus: shape.vcpus,
      vcpuType,
      guestFeatures: `0x${shape.guestFeatures.toString(16)}`,
      firmwareSha256: createHash('sha256').update(image).digest('hex'),
      kernelSha256: boot === null ? null : hexOf(boot.kernel),
      initrdSha256: boot === null ? null : hexOf(boot.initrd),
      commandLineSha256: boot === null ? null : hexOf(boot.commandLine),
    },
    text: `${measurement}\n${boot === null ? NAMES_FIRMWARE : ''}`,
  };
}

const NAMES_FIRMWARE =
  'It names the firmware only: the host may start any kernel under it. See docs/ATTESTATION.md.\n';

async function bootHashesOf(options: Options): Promise<BootHashes | null> {
  if (options['kernel'] === undefined) {
    const isAlone = options['initrd'] === undefined && options['append'] === undefined;
    if (!isAlone) throw new UsageError('--initrd and --append go with --kernel.');
    return null;
  }
  const { append = '' } = options;
  if (typeof append !== 'string' || !append.isWellFormed() || append.includes('\0')) {
    throw new UsageError('--append takes a kernel command line.');
  }
  const initrd = options['initrd'];
  return {
    kernel: await sha256OfFile(options, 'kernel'),
    initrd: initrd === undefined ? sha256Of(NO_BYTES) : await sha256OfFile(options, 'initrd'),
    commandLine: sha256Of(new TextEncoder().encode(`${append}\0`)),
  };
}

/** Read through and not held: kernels and images are large. */
async function sha256OfFile(options: Options, name: string): Promise<Uint8Array> {
  const hash = createHash('sha256');
  try {
    const stream: AsyncIterable<Buffer> = createReadStream(requiredText(options, name, 'FILE'));
    for await (const chunk of stream) hash.update(chunk);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new RecordError('ARGUMENT_INVALID', { cause, place: name });
  }
  return hash.digest();
}

function sha256Of(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

function vcpusOf(options: Options): number {
  const text = requiredText(options, 'vcpus', 'NUMBER');
  const count = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > VCPUS_MAX) throw new UsageError(`--vcpus takes 1 to ${VCPUS_MAX}.`);
  return count;
}

function signatureOf(type: string): number {
  const signature = vcpuSignature(type);
  if (signature === null) throw new UsageError(`--vcpu-type takes ${vcpuTypes.join(', ')}.`);
  return signature;
}

/** 0x21 where the VMM or kernel adds DebugSwap, as Linux 6.6 and 6.7 did by themselves. */
function guestFeaturesOf(options: Options): bigint {
  const text = options['guest-features'];
  if (text === undefined) return GUEST_FEATURES_DEFAULT;
  const isHex = typeof text === 'string' && /^0x[0-9a-fA-F]{1,16}$/.test(text);
  if (!isHex) throw new UsageError('--guest-features takes hexadecimal such as 0x21.');
  return BigInt(text);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
