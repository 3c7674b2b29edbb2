// Against a kernel in memory that does what drivers/virt/coco of Linux 6.12 does with each file.

import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { fakeAmdAuthority } from '../../../testkit/src/amd/fake-authority.ts';
import {
  FAKE_TSM_ROOT,
  fakeTsm,
  type FakeTsm,
  type FakeTsmOptions,
} from '../../../testkit/src/tsm/fake-tsm.ts';
import { parseReport } from '../report.ts';
import { reportSource, type ReportSource } from './report-source.ts';
import type { TsmFiles } from './tsm-files.ts';

const authority = fakeAmdAuthority();
const OURS = Uint8Array.from({ length: 64 }, (_, index) => index);
const PATIENT = new AbortController().signal;

function guest(options: Partial<FakeTsmOptions> = {}): { tsm: FakeTsm; source: ReportSource } {
  const tsm = fakeTsm({ authority, ...options });
  return { tsm, source: sourceOf(tsm.files) };
}

function sourceOf(files: TsmFiles): ReportSource {
  let count = 0;
  return reportSource({ files, newName: () => `ours-${(count += 1)}` });
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'given',
    (caught: unknown) => caught,
  );
  return error instanceof RecordError ? `${error.code} ${error.place}` : String(error);
}

describe('accepts', () => {
  test('a report bound to what was asked, with the certificates of the host', async () => {
    const { tsm, source } = guest();
    const { report, certificateTable } = await source.obtain(OURS, PATIENT);
    expect(parseReport(report).fields.reportData).toBe(Buffer.from(OURS).toString('hex'));
    expect(Buffer.from(certificateTable).includes('-----BEGIN CERTIFICATE-----')).toBe(true);
    expect(tsm.requests).toHaveLength(1);
    expect(tsm.entries()).toEqual([]);
  });

  test('a guest above VMPL 0 asks at the level it has', async () => {
    const { source } = guest({ privlevelFloor: 2 });
    const { report } = await source.obtain(OURS, PATIENT);
    expect(parseReport(report).fields.vmpl).toBe(2);
  });

  test('a host without certificates: the table is empty', async () => {
    const { source } = guest({ certificates: 'none' });
    expect((await source.obtain(OURS, PATIENT)).certificateTable).toHaveLength(0);
  });

  test('an answer to what another process wrote is thrown away and asked for again', async () => {
    const { tsm, source } = guest();
    tsm.interfere(2);
    const { report } = await source.obtain(OURS, PATIENT);
    expect(parseReport(report).fields.reportData).toBe(Buffer.from(OURS).toString('hex'));
    expect(tsm.entries()).toEqual([]);
  });
});

describe('refuses', () => {
  const rows: readonly (readonly [string, (tsm: FakeTsm) => void, string])[] = [
    ['no module or mount', (tsm) => tsm.fail('mkdir', 'ENOENT'), 'entry'],
    ['no provider', (tsm) => tsm.fail('mkdir', 'ENXIO'), 'entry'],
    ['a name that is taken', (tsm) => tsm.fail('mkdir', 'EEXIST'), 'entry'],
    ['no permission', (tsm) => tsm.fail('write inblob', 'EACCES'), 'inblob'],
    ['a generation that wraps', (tsm) => tsm.fail('write inblob', 'EBUSY'), 'inblob'],
    ['a file that is still written', (tsm) => tsm.fail('read outblob', 'ETXTBSY'), 'outblob'],
    ['a provider that is gone', (tsm) => tsm.fail('read outblob', 'ENXIO'), 'outblob'],
    ['a firmware that does not answer', (tsm) => tsm.fail('read outblob', 'ETIMEDOUT'), 'outblob'],
    ['a firmware that refuses', (tsm) => tsm.failFirmware(), 'outblob'],
    ['a write that was not taken', (tsm) => tsm.loseWrites('inblob'), 'outblob'],
    ['certificates that do not come', (tsm) => tsm.fail('read auxblob', 'EIO'), 'auxblob'],
    ['an entry that stays', (tsm) => tsm.fail('rmdir', 'EBUSY'), 'entry'],
    ['races without end', (tsm) => tsm.interfere(1_000), 'generation'],
    [
      'a report of another size',
      (tsm) => tsm.alterReports((report) => report.subarray(1)),
      'outblob',
    ],
    [
      'a report about something else',
      (tsm) => tsm.alterReports((report) => Buffer.from(report).fill(7, 0x50, 0x51)),
      'generation',
    ],
  ];

  test.each(rows)('%s', async (_name, change, place) => {
    const { tsm, source } = guest();
    change(tsm);
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe(
      `ATTESTATION_UNAVAILABLE tsm.${place}`,
    );
    tsm.fail('rmdir', null);
    for (const name of tsm.entries()) await tsm.files.rmdir(`${FAKE_TSM_ROOT}/${name}`);
    // Three attempts; where the generation moved, reading the certificates asks again.
    expect(tsm.requests.length).toBeLessThanOrEqual(6);
  });

  test.each([
    ['another provider', { provider: 'tdx_guest' }, 'tsm.provider'],
    ['report data of another size', {}, 'tsm.outblob'],
  ])('%s', async (_name, options, place) => {
    const { tsm, source } = guest(options);
    const data = OURS.subarray(place === 'tsm.outblob' ? 1 : 0);
    expect(await refusalOf(source.obtain(data, PATIENT))).toBe(`ATTESTATION_UNAVAILABLE ${place}`);
    expect(tsm.requests).toEqual([]);
    expect(tsm.entries()).toEqual([]);
  });

  test('a generation that is no number', async () => {
    const { tsm } = guest();
    const read = (path: string): Promise<Uint8Array> =>
      path.endsWith('generation') ? Promise.resolve(Buffer.from('1')) : tsm.files.read(path);
    const source = sourceOf({ ...tsm.files, read });
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe(
      'ATTESTATION_UNAVAILABLE tsm.generation',
    );
  });

  test('ENOTTY is final: the security processor is never asked again', async () => {
    const { tsm, source } = guest();
    tsm.failFirmware();
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe(
      'ATTESTATION_UNAVAILABLE tsm.outblob',
    );
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe('ATTESTATION_DISABLED tsm.outblob');
    const asked = tsm.requests.length;
    tsm.fail('mkdir', 'EEXIST');
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe('ATTESTATION_DISABLED null');
    expect(tsm.requests).toHaveLength(asked);
    expect(tsm.entries()).toEqual([]);
  });

  test('a bug stays a bug', async () => {
    const { tsm } = guest();
    const source = sourceOf({ ...tsm.files, mkdir: () => Promise.reject(new TypeError('bug')) });
    await expect(source.obtain(OURS, PATIENT)).rejects.toThrow(TypeError);
  });
});

describe('holds', () => {
  test('the caller waits no longer than its deadline, the next one for the answer', async () => {
    const { tsm, source } = guest();
    const answer = tsm.stall();
    const deadline = AbortSignal.timeout(20);
    expect(await refusalOf(source.obtain(OURS, deadline))).toBe(
      'ATTESTATION_UNAVAILABLE tsm.deadline',
    );
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe('ATTESTATION_UNAVAILABLE tsm.busy');
    expect(tsm.entries()).toHaveLength(1);
    answer();
    while (tsm.entries().length > 0) await wait(1);
    await wait(1);
    expect((await source.obtain(OURS, PATIENT)).report).toHaveLength(1184);
    expect(tsm.requests).toHaveLength(2);
  });

  test('ENOTTY after the deadline counts as well', async () => {
    const { tsm, source } = guest();
    const answer = tsm.stall();
    tsm.fail('read auxblob', 'ENOTTY');
    await refusalOf(source.obtain(OURS, AbortSignal.timeout(5)));
    answer();
    while (tsm.entries().length > 0) await wait(1);
    await wait(1);
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe('ATTESTATION_DISABLED null');
  });

  test('ENOTTY counts also where the entry cannot be removed', async () => {
    const { tsm, source } = guest();
    tsm.fail('read outblob', 'ENOTTY');
    tsm.fail('rmdir', 'EBUSY');
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe('ATTESTATION_UNAVAILABLE tsm.entry');
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe('ATTESTATION_DISABLED null');
  });

  test('who has given up already makes nobody work', async () => {
    const { tsm, source } = guest();
    expect(await refusalOf(source.obtain(OURS, AbortSignal.abort()))).toBe(
      'ATTESTATION_UNAVAILABLE tsm.deadline',
    );
    expect(tsm.requests).toEqual([]);
  });

  test('S5 report-answers-what-was-asked: an echo of the request proves nothing', async () => {
    const { tsm, source } = guest();
    const strange = Buffer.alloc(64, 0xaa);
    tsm.alterReports((report) => {
      report.set(strange, 0x50);
      return report;
    });
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toMatch('ATTESTATION_UNAVAILABLE');
  });

  test('S7 requests-do-not-share-an-entry: each has its own and removes only that', async () => {
    const { tsm } = guest();
    await tsm.files.mkdir(`${FAKE_TSM_ROOT}/theirs`);
    const [one, other] = [
      sourceOf(tsm.files),
      reportSource({ files: tsm.files, newName: () => 'b' }),
    ];
    const [first, second] = await Promise.all([
      one.obtain(OURS, PATIENT),
      other.obtain(Uint8Array.from(OURS).reverse(), PATIENT),
    ]);
    expect(parseReport(first.report).fields.reportData).not.toBe(
      parseReport(second.report).fields.reportData,
    );
    expect(tsm.entries()).toEqual(['theirs']);
  });

  test('R55 no-unbound-fallback: without these files there is no report', async () => {
    const { tsm, source } = guest();
    tsm.fail('mkdir', 'ENOENT');
    expect(await refusalOf(source.obtain(OURS, PATIENT))).toBe('ATTESTATION_UNAVAILABLE tsm.entry');
    expect(tsm.requests).toEqual([]);
  });
});
