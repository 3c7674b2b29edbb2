// A fleet that is disturbed at moments that a seed decides: workers are killed and stopped, the
// database loses its power, the venue is out, and the queue repeats, reorders and invents jobs.
// What it publishes in the end has to be what a calm run under the same clock publishes, byte for
// byte.

import { setTimeout as wait } from 'node:timers/promises';
import type { WorkerProcess } from '../demo/stage.ts';
import { seededRandom } from '../scenario/random.ts';
import { expireClaims, openFleet, type Fleet } from './fleet.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 5);
/** When in the hour the clock stands: every account's own moment has passed. */
const LOOK_MS = 25 * 60_000;
const MASTER_KEY = '7a'.repeat(32);
const STOPPED_MS = 800;
const MOMENT_MS_MAX = 600;

export interface ChaosOptions {
  readonly accounts: number;
  readonly workers: number;
  readonly slots: number;
  /** That had passed when the accounts were connected, and that pass afterwards. */
  readonly hoursBefore: number;
  readonly hoursAfter: number;
  readonly disturbancesPerHour: number;
  /** Null: nothing is disturbed. */
  readonly seed: number | null;
  readonly patienceMs: number;
  /** No further hour begins after so long. */
  readonly endsAfterMs: number;
  readonly say: (line: string) => void;
}

type Disturbance = 'kill' | 'stop' | 'power cut' | 'outage' | 'invented jobs';

/** Each kind comes up in every ten. */
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

/** What was published, and how many hours passed after the connection. */
export interface ChaosOutcome {
  readonly rows: readonly string[];
  readonly hours: number;
}

type Random = ReturnType<typeof seededRandom>;

export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { hoursBefore, hoursAfter, seed, endsAfterMs } = options;
  const random = seed === null ? null : seededRandom(seed);
  const fleet = await openFleet({
    ...options,
    start: START,
    hours: hoursBefore + hoursAfter,
    masterKey: MASTER_KEY,
    now: START + hoursBefore * HOUR_MS + LOOK_MS,
  });
  const endsAt = performance.now() + endsAfterMs;
  try {
    const workers: WorkerProcess[] = [];
    while (workers.length < options.workers) workers.push(await fleet.startWorker());
    await fleet.handInAll();
    const due: Disturbance[] = [];
    let passed = 0;
    for (; passed <= hoursAfter && (passed === 0 || performance.now() < endsAt); passed += 1) {
      const hour = hoursBefore - 1 + passed;
      const last = START + hour * HOUR_MS;
      fleet.setClock(last + HOUR_MS + LOOK_MS);
      const disturbing = async (): Promise<void> => {
        if (random === null) return;
        if (due.length < options.disturbancesPerHour) due.push(...shuffled(random));
        for (const each of due.splice(0, options.disturbancesPerHour)) {
          await disturb(each, fleet, workers, hour, random);
        }
      };
      await Promise.all([fleet.untilSigned(last), disturbing()]);
      // A disturbance may have come after the last job.
      await fleet.untilSigned(last);
      options.say(`hour ${passed} of ${hoursAfter} is signed for all accounts`);
    }
    return { rows: await fleet.published(), hours: passed - 1 };
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
  const victim = random.between(0, workers.length - 1);
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
