// R51 Where the machine stands makes no difference: processes in three zones, one of them a day
// ahead of the other, both changes of New York's clocks.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('zones.ts', import.meta.url));
const FLAGS = ['--conditions=@track-record/source', '--disable-warning=ExperimentalWarning'];

/** Most of each is waiting. */
async function runIn(zone: string): Promise<string> {
  const env = { ...process.env, TZ: zone };
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, SCRIPT], { env });
  return stdout;
}

describe('holds', () => {
  test('R51 the true returns of every broker, in three zones', async () => {
    const zones = { UTC: 0, 'America/New_York': 300, 'Pacific/Kiritimati': -840 };
    const told = await Promise.all(Object.keys(zones).map(runIn));
    expect(told.map((text) => text.trim().split('\n'))).toEqual(
      Object.values(zones).map((offset) =>
        ['tws spring', 'tws autumn', 'alpaca'].map((story) => `${story} true in ${offset}`),
      ),
    );
  });
});
