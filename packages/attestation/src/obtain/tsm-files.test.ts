// On a folder of this machine, which takes the same calls as the kernel's and gives real errnos.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { CERTIFICATE_TABLE_SIZE_MAX } from '../evidence.ts';
import { withCertificates } from './certificate-folder.ts';
import { reportSource } from './report-source.ts';
import { kernelFiles } from './tsm-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'track-record-tsm-'));
const file = join(folder, 'file');
const OURS = new Uint8Array(64).fill(5);
const PATIENT = new AbortController().signal;
/** A chip and a TCB that a name can be told from, and no certificates. */
const report = new Uint8Array(1184).fill(0xc1, 0x1a0, 0x1e0).fill(0x0b, 0x180, 0x188);
const collected = { report, certificateTable: new Uint8Array() };
const NAME = `${'c1'.repeat(64)}-${'0b'.repeat(8)}.der`;

afterAll(() => rmSync(folder, { recursive: true }));

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'done',
    (caught: unknown) => caught,
  );
  return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
}

describe('accepts', () => {
  test('reads to the end what has no size', async () => {
    const stated = await kernelFiles.read('/proc/self/status');
    expect(new TextDecoder().decode(stated)).toMatch(/^Name:/);
  });

  test('writes, reads, makes and removes', async () => {
    await kernelFiles.mkdir(join(folder, 'entry'));
    await kernelFiles.write(file, OURS);
    await kernelFiles.write(file, OURS.subarray(1));
    expect(await kernelFiles.read(file)).toEqual(OURS.subarray(1));
    await kernelFiles.rmdir(join(folder, 'entry'));
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('a certificate of the folder, in a table like the host’s', async () => {
    writeFileSync(join(folder, NAME), 'certificate');
    const { certificateTable: table } = await withCertificates(collected, folder);
    expect(Buffer.from(table.subarray(0, 16)).toString('hex')).toBe(
      '63da758de6644564adc5f4b93be8accd',
    );
    expect(Buffer.from(table.subarray(16, 24)).readUInt32LE()).toBe(48);
    expect(Buffer.from(table.subarray(48)).toString()).toBe('certificate');
  });

  test('what the host hands over goes before', async () => {
    const given = { report, certificateTable: Uint8Array.of(1) };
    expect(await withCertificates(given, folder)).toBe(given);
  });

  test('a table without entries counts as none', async () => {
    const empty = { report, certificateTable: new Uint8Array(4096) };
    expect((await withCertificates(empty, folder)).certificateTable.length).toBe(48 + 11);
  });
});

describe('refuses', () => {
  test('a file longer than any certificate table', async () => {
    truncateSync(file, CERTIFICATE_TABLE_SIZE_MAX);
    expect(await refusalOf(kernelFiles.read(file))).toBe('done');
    truncateSync(file, CERTIFICATE_TABLE_SIZE_MAX + 1);
    expect(await refusalOf(kernelFiles.read(file))).toBe('ATTESTATION_UNAVAILABLE tsm.size');
  });

  test.each([
    ['no folder', null],
    ['an empty folder', join(folder, 'none')],
  ])('%s of certificates', async (_name, certificates) => {
    expect(await refusalOf(withCertificates(collected, certificates))).toBe(
      'ATTESTATION_UNAVAILABLE certificates',
    );
  });

  test('R54 moved-to-another-chip: the certificate of the old one is not handed on', async () => {
    const moved = report.slice().fill(0xc2, 0x1a0, 0x1e0);
    const updated = report.slice().fill(0x0c, 0x180, 0x188);
    for (const other of [moved, updated]) {
      const work = withCertificates({ ...collected, report: other }, folder);
      expect(await refusalOf(work)).toBe('ATTESTATION_UNAVAILABLE certificates');
    }
  });

  test('a machine without the kernel’s files', async () => {
    const source = reportSource({
      files: kernelFiles,
      newName: () => 'ours',
      root: join(folder, 'absent'),
    });
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe('ATTESTATION_UNAVAILABLE tsm.entry');
  });

  test('a folder that is no kernel, and the entry is removed', async () => {
    const root = join(folder, 'report');
    mkdirSync(root);
    const source = reportSource({ files: kernelFiles, newName: () => 'ours', root });
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe(
      'ATTESTATION_UNAVAILABLE tsm.provider',
    );
    expect(readdirSync(root)).toEqual([]);
  });

  test('a name that is taken, whose folder stays as it is', async () => {
    const root = join(folder, 'taken');
    mkdirSync(join(root, 'ours'), { recursive: true });
    writeFileSync(join(root, 'ours/inblob'), 'theirs');
    const source = reportSource({ files: kernelFiles, newName: () => 'ours', root });
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe('ATTESTATION_UNAVAILABLE tsm.entry');
    expect(readFileSync(join(root, 'ours/inblob'), 'utf8')).toBe('theirs');
  });
});
