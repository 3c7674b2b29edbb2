// Workers are killed and stopped, the database loses its power, the venue is out, and the queue
// repeats, reorders and invents jobs, at moments that a seed decides. What is published in the end
// is what a calm run under the same clock publishes, byte for byte.

import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { WorkerProcess } from '../demo/stage.ts';
import { seededRandom } from '../scenario/random.ts';
import { expireClaims, openFleet, type Fleet } from './fleet.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 5);
const ACCOUNTS = 6;
const HOURS_BEFORE = 20;
const HOURS_AFTER = 4;
const HOURS = HOURS_BEFORE + HOURS_AFTER;
/** When in the hour the clock stands: every account's own moment has passed. */
const LOOK_MS = 25 * 60_000;
const MASTER_KEY = '7a'.repeat(32);
const SEED = Number(process.env['CHAOS_SEED'] ?? '1');
const PATIENCE_MS = 180_000;
const STOPPED_MS = 800;
const MOMENT_MS_MAX = 600;

type Disturbance = 'kill' | 'stop' | 'power cut' | 'outage' | 'invented jobs';

/** Every hour has two; each kind comes up. */
const DISTURBANCES: readonly Disturbance[] = [
  'kill',
  'stop',
  'power cut',
  'outage',
  'invented jobs',
  'kill',
  'stop',
  'invented jobs',
  'outage',
  'kill',
];

let calm: readonly string[];
let wild: readonly string[];

beforeAll(async () => {
  calm = await run(null);
  wild = await run(seededRandom(SEED));
}, PATIENCE_MS);

describe('holds', () => {
  test(`seed ${SEED}: what was disturbed is published as if it had not been`, () => {
    expect(wild).toEqual(calm);
  });

  test('no hour is missing, none is doubled', () => {
    expect(wild).toHaveLength(ACCOUNTS * HOURS);
    expect(new Set(wild.map((row) => row.split(',').slice(0, 3).join())).size).toBe(wild.length);
  });
});

type Random = ReturnType<typeof seededRandom>;

async function run(random: Random | null): Promise<readonly string[]> {
  const now = START + HOURS_BEFORE * HOUR_MS + LOOK_MS;
  const options = { accounts: ACCOUNTS, start: START, hours: HOURS, masterKey: MASTER_KEY, now };
  const fleet = await openFleet(options);
  try {
    const workers = [await fleet.startWorker(), await fleet.startWorker()];
    await fleet.handInAll();
    const due = random === null ? [] : shuffled(random);
    for (let hour = HOURS_BEFORE - 1; hour < HOURS; hour += 1) {
      const last = START + hour * HOUR_MS;
      fleet.setClock(last + HOUR_MS + LOOK_MS);
      const disturbing = async (): Promise<void> => {
        if (random === null) return;
        for (const each of due.splice(0, 2)) await disturb(each, fleet, workers, hour, random);
      };
      await Promise.all([fleet.untilSigned(last), disturbing()]);
      // A disturbance may have come after the last job.
      await fleet.untilSigned(last);
    }
    return await fleet.published();
  } finally {
    await fleet.close();
  }
}

async function disturb(
  disturbance: Disturbance,
  fleet: Fleet,
  workers: WorkerProcess[],
  hour: number,
  random: Random,
): Promise<void> {
  await wait(random.between(0, MOMENT_MS_MAX));
  const victim = random.between(0, 1);
  const worker = workers[victim];
  switch (disturbance) {
    case 'kill':
      worker?.child.kill('SIGKILL');
      await expireClaims(fleet.admin);
      workers[victim] = await fleet.startWorker();
      return;
    case 'stop':
      worker?.child.kill('SIGSTOP');
      await expireClaims(fleet.admin);
      await wait(STOPPED_MS);
      // It wakes with claims that others hold by now.
      worker?.child.kill('SIGCONT');
      return;
    case 'power cut':
      await fleet.restartDatabase();
      return;
    case 'outage':
      fleet.setVenueOut(true);
      await wait(STOPPED_MS);
      fleet.setVenueOut(false);
      return;
    case 'invented jobs': {
      const hours = Array.from({ length: 3 }, () => START + random.between(0, hour) * HOUR_MS);
      await fleet.inventJobs([...hours, START + (hour + 5) * HOUR_MS, START + hour * HOUR_MS]);
    }
  }
}

function shuffled(random: Random): Disturbance[] {
  const left = [...DISTURBANCES];
  const order: Disturbance[] = [];
  while (left.length > 0) order.push(...left.splice(random.between(0, left.length - 1), 1));
  return order;
}
