// What Linux does with the files of an entry (drivers/virt/coco/tsm.c and sev-guest.c, 6.12), as
// far as our source of reports meets it.

import { describe, expect, test } from '@jest/globals';
import { fakeAmdAuthority } from '../amd/fake-authority.ts';
import { FAKE_TSM_ROOT, fakeTsm, type FakeTsm } from './fake-tsm.ts';

const authority = fakeAmdAuthority();
const ENTRY = `${FAKE_TSM_ROOT}/one`;
const DATA = new Uint8Array(64).fill(9);

async function withEntry(privlevelFloor = 0): Promise<FakeTsm> {
  const tsm = fakeTsm({ authority, privlevelFloor });
  await tsm.files.mkdir(ENTRY);
  return tsm;
}

async function errnoOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => String(error),
  );
}

describe('accepts', () => {
  test('generations count writes, and one generation is one request', async () => {
    const { files, requests } = await withEntry();
    expect(String(Buffer.from(await files.read(`${ENTRY}/generation`)))).toBe('0\n');
    await files.write(`${ENTRY}/inblob`, DATA);
    expect(String(Buffer.from(await files.read(`${ENTRY}/generation`)))).toBe('1\n');
    const report = await files.read(`${ENTRY}/outblob`);
    await files.read(`${ENTRY}/auxblob`);
    expect(await files.read(`${ENTRY}/outblob`)).toEqual(report);
    expect(requests).toHaveLength(1);
    await files.write(`${ENTRY}/inblob`, DATA);
    expect(await files.read(`${ENTRY}/outblob`)).not.toEqual(report);
    expect(requests).toHaveLength(2);
  });
});

describe('refuses', () => {
  const rows: readonly (readonly [string, number, (tsm: FakeTsm) => Promise<unknown>, string])[] = [
    ['a request without data', 0, ({ files }) => files.read(`${ENTRY}/outblob`), 'EINVAL'],
    ['an empty write', 0, ({ files }) => files.write(`${ENTRY}/inblob`, DATA.slice(64)), 'EFAULT'],
    ['65 bytes', 0, ({ files }) => files.write(`${ENTRY}/inblob`, new Uint8Array(65)), 'EFBIG'],
    ['reading what is for writing', 0, ({ files }) => files.read(`${ENTRY}/inblob`), 'EACCES'],
    ['writing what is read', 0, ({ files }) => files.write(`${ENTRY}/outblob`, DATA), 'EACCES'],
    [
      'a level below the floor',
      2,
      ({ files }) => files.write(`${ENTRY}/privlevel`, Buffer.from('1')),
      'EINVAL',
    ],
    ['an entry twice', 0, ({ files }) => files.mkdir(ENTRY), 'EEXIST'],
    ['an entry that is not there', 0, ({ files }) => files.rmdir(`${ENTRY}s`), 'ENOENT'],
    ['a path elsewhere', 0, ({ files }) => files.mkdir('/tmp/one'), 'ENOENT'],
  ];
  test.each(rows)('%s', async (_name, floor, act, errno) => {
    expect(await errnoOf(act(await withEntry(floor)))).toMatch(errno);
  });

  test('a level that was not written where the floor is above 0', async () => {
    const { files } = await withEntry(1);
    await files.write(`${ENTRY}/inblob`, DATA);
    expect(await errnoOf(files.read(`${ENTRY}/outblob`))).toMatch('EINVAL');
  });

  test('everything after a request that the firmware refused', async () => {
    const { files, failFirmware } = await withEntry();
    failFirmware();
    await files.write(`${ENTRY}/inblob`, DATA);
    expect(await errnoOf(files.read(`${ENTRY}/outblob`))).toMatch('EIO');
    expect(await errnoOf(files.read(`${ENTRY}/outblob`))).toMatch('ENOTTY');
  });
});
