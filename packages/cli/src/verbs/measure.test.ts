// The verb over files on disk. The digests themselves are held against published ones beside the
// module; here is what becomes of files and arguments.

import { createHash } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { fakeFirmware } from '../../../testkit/src/amd/fake-firmware.ts';
import { scratchFolder } from '../../../testkit/src/scratch-folder.ts';
import { UsageError, type VerbInput, type VerbOutput } from '../verb.ts';
import { measure } from './measure.ts';

const { folder, fileOf } = scratchFolder('measure');
const good = {
  ovmf: fileOf('OVMF.fd', fakeFirmware({ pages: 2 })),
  kernel: fileOf('vmlinuz', 'a kernel'),
  initrd: fileOf('initrd.img', 'an initrd'),
  append: 'console=ttyS0',
  vcpus: '2',
  'vcpu-type': 'EPYC-v4',
};

function run(
  options: VerbInput['options'],
  positionals: readonly string[] = [],
): Promise<VerbOutput> {
  return measure.run({ options, positionals, stdin: process.stdin, progress: () => undefined });
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'none',
    (caught: unknown) => caught,
  );
  return error instanceof UsageError ? 'usage' : codeOf(error);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('accepts', () => {
  test('firmware and kernel, and says what the measurement names', async () => {
    const { document, text } = await run(good);
    expect(document).toEqual({
      measurement: expect.stringMatching(/^[0-9a-f]{96}$/),
      names: ['firmware', 'kernel', 'initrd', 'command line'],
      vcpus: 2,
      vcpuType: 'EPYC-v4',
      guestFeatures: '0x1',
      firmwareSha256: createHash('sha256')
        .update(fakeFirmware({ pages: 2 }))
        .digest('hex'),
      kernelSha256: sha256('a kernel'),
      initrdSha256: sha256('an initrd'),
      commandLineSha256: sha256('console=ttyS0\0'),
    });
    expect(text).toMatch(/^[0-9a-f]{96}\n$/);
  });

  test('firmware alone, and warns that it names no kernel', async () => {
    const { kernel: _kernel, initrd: _initrd, append: _append, ...firmware } = good;
    const { document, text } = await run(firmware);
    expect(document).toMatchObject({ names: ['firmware'], kernelSha256: null });
    expect(text).toContain('any kernel');
  });

  test('a kernel without initrd and command line, as QEMU hashes nothing', async () => {
    const { initrd: _initrd, append: _append, ...rest } = good;
    const { document } = await run(rest);
    expect(document).toMatchObject({
      initrdSha256: sha256(''),
      commandLineSha256: sha256('\0'),
    });
  });

  test('other features and types, as other measurements', async () => {
    const variants = [
      {},
      { 'guest-features': '0x21' },
      { 'vcpu-type': 'EPYC-Genoa' },
      { vcpus: '3' },
    ];
    const outputs = await Promise.all(variants.map((each) => run({ ...good, ...each })));
    expect(new Set(outputs.map(({ text }) => text)).size).toBe(variants.length);
  });
});

describe('refuses', () => {
  const missing = join(folder, 'missing');
  const rows: readonly (readonly [string, Record<string, string | undefined>, string])[] = [
    ['no firmware', { ovmf: undefined }, 'usage'],
    ['no vCPU', { vcpus: '0' }, 'usage'],
    ['a number that is none', { vcpus: '1e3' }, 'usage'],
    ['more vCPUs than a manifest has', { vcpus: '4097' }, 'usage'],
    ['an unknown type', { 'vcpu-type': 'EPYC-Venice' }, 'usage'],
    ['features that are no hexadecimal', { 'guest-features': '21' }, 'usage'],
    ['an initrd without a kernel', { kernel: undefined }, 'usage'],
    ['a command line with a zero byte', { append: 'a\0b' }, 'usage'],
    ['a file that is not there', { kernel: missing }, 'ARGUMENT_INVALID'],
    ['a folder', { initrd: folder }, 'ARGUMENT_INVALID'],
    ['firmware that is not there', { ovmf: missing }, 'ARGUMENT_INVALID'],
    ['firmware that is none', { ovmf: good.kernel }, 'FIRMWARE_REFUSED'],
  ];
  test.each(rows)('%s', async (_name, change, expected) => {
    expect(await failureOf(run({ ...good, ...change }))).toBe(expected);
  });

  test('a positional', async () => {
    expect(await failureOf(run(good, ['OVMF.fd']))).toBe('usage');
  });

  test('a hundred gigabytes of firmware, which are not read', async () => {
    const large = fileOf('large.fd', 'x');
    truncateSync(large, 100_000_000_000);
    const before = process.memoryUsage().rss;
    expect(await failureOf(run({ ...good, ovmf: large }))).toBe('FIRMWARE_REFUSED');
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  });

  test('firmware without an end', async () => {
    expect(await failureOf(run({ ...good, ovmf: '/dev/zero' }))).toBe('FIRMWARE_REFUSED');
  });
});

describe('holds', () => {
  test('a large kernel is read through and not held', async () => {
    const kernel = fileOf('large-kernel', 'x');
    truncateSync(kernel, 200_000_000);
    const before = process.memoryUsage().rss;
    const { document } = await run({ ...good, kernel });
    expect(document).toHaveProperty('kernelSha256');
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  });
});
