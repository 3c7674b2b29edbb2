// The worker is killed with SIGKILL at every step of its routes and started again. Whatever was cut
// off, the record that comes out is the one of a run that nothing disturbed: statements and hours
// byte for byte, sealed rows once opened.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { routeSteps, type RouteStep } from '@track-record/jobs/context';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { openRecord, type OpenedRecord } from './opened-record.ts';
import { ACCOUNT, expireClaims, openSite, wasKilled, type Site } from './site.ts';
import {
  CONNECTED_AT,
  HOURS,
  LAST_BACKFILLED,
  LAST_OBSERVED,
  MASTER_KEY,
  OBSERVED_AT,
  scenario,
} from './small-account.ts';

/** Workers mostly wait for the queue's next look, so more of them run than there are cores. */
const AT_ONCE = 6;
/** The first tests wait for those that run beside them. */
const PATIENCE_MS = 180_000;
/** A connection computes no hour: a kill at one of these falls into the job that follows it. */
const stepsOfHours: readonly RouteStep[] = ['priced', 'computed', 'signed'];

const databases: FreshDatabase[] = [];
const outcomes = new Map<string, Promise<OpenedRecord>>();
let undisturbed: OpenedRecord;

beforeAll(async () => {
  const connected = await databaseLike();
  const backfilled = await databaseLike();
  await at(connected, CONNECTED_AT, async (site) => {
    const worker = await site.startWorker({ DEVELOPMENT_KILL_AT_STEP: 'committed' });
    await site.handIn();
    expect(await wasKilled(worker)).toBe(true);
  });
  await at(backfilled, CONNECTED_AT, async (site) => {
    await site.startWorker();
    await site.handIn();
    await site.untilSigned(LAST_BACKFILLED);
  });
  undisturbed = await finish(await databaseLike(backfilled), OBSERVED_AT);
  const runs = [
    ...routeSteps.map((step) => [`connect ${step}`, () => killAtConnection(step)] as const),
    ...routeSteps.map(
      (step) => [`backfill ${step}`, () => killAtSync(connected, CONNECTED_AT, step)] as const,
    ),
    ...routeSteps.map(
      (step) => [`hour ${step}`, () => killAtSync(backfilled, OBSERVED_AT, step)] as const,
    ),
  ];
  inTurns(runs);
}, PATIENCE_MS);

afterAll(async () => {
  await Promise.allSettled(outcomes.values());
  for (const database of databases) await database.drop();
});

describe('holds', () => {
  test('an undisturbed run signs every hour, of both provenances', () => {
    expect(undisturbed.hours).toHaveLength(HOURS);
    expect(undisturbed.hours.filter((row) => row.includes('observed'))).toHaveLength(1);
    expect(undisturbed.statements).toHaveLength(HOURS);
    expect(undisturbed.segments).toHaveLength(2);
    expect(undisturbed.credentials).toEqual([
      `apiKey ${scenario.credentials.apiKey}`,
      `secret ${scenario.credentials.secret}`,
    ]);
    expect(undisturbed.intake).toEqual([]);
  });

  for (const step of routeSteps) {
    const runs = [
      [`killed on its way from the connection, at ${step}`, `connect ${step}`],
      [`killed in the first synchronisation, at ${step}`, `backfill ${step}`],
      [`killed in an hourly synchronisation, at ${step}`, `hour ${step}`],
    ] as const;
    for (const [title, run] of runs) test(title, () => same(run), PATIENCE_MS);
  }
});

async function same(name: string): Promise<void> {
  expect(await outcomes.get(name)).toEqual(undisturbed);
}

async function killAtConnection(step: RouteStep): Promise<OpenedRecord> {
  const database = await databaseLike();
  await at(database, CONNECTED_AT, async (site) => {
    const worker = await site.startWorker({ DEVELOPMENT_KILL_AT_STEP: step });
    await site.handIn();
    expect(await wasKilled(worker)).toBe(true);
    const isOver = step === 'committed' || stepsOfHours.includes(step);
    expect(await stateOf('connect-account', site)).toBe(isOver ? 'completed' : 'active');
  });
  return finish(database, CONNECTED_AT);
}

/** `now` decides which job it is: the first synchronisation, or that of an hour that has passed. */
async function killAtSync(
  original: FreshDatabase,
  now: number,
  step: RouteStep,
): Promise<OpenedRecord> {
  const database = await databaseLike(original);
  await at(database, now, async (site) => {
    const worker = await site.startWorker({ DEVELOPMENT_KILL_AT_STEP: step });
    if (now === OBSERVED_AT) await site.gateway.enqueueSync(ACCOUNT, LAST_OBSERVED);
    expect(await wasKilled(worker)).toBe(true);
    const isOver = step === 'committed';
    const queue = now === OBSERVED_AT ? 'sync-account.binance' : 'backfill-account.binance';
    expect(await stateOf(queue, site)).toBe(isOver ? 'completed' : 'active');
  });
  return finish(database, now);
}

/** Starts the worker again as if nothing had been, and lets the remaining hours pass. */
async function finish(database: FreshDatabase, now: number): Promise<OpenedRecord> {
  await at(database, now, async (site) => {
    await expireClaims(site.admin);
    await site.startWorker();
    if (now === CONNECTED_AT) {
      await site.untilSigned(LAST_BACKFILLED);
      site.setClock(OBSERVED_AT);
    }
    await site.gateway.enqueueSync(ACCOUNT, LAST_OBSERVED);
    await site.untilSigned(LAST_OBSERVED);
    const failed = await site.admin.query(
      `select name, state::text from pgboss.job_common where state > 'completed'`,
    );
    expect(failed.rows).toEqual([]);
  });
  return openRecord(database.url, MASTER_KEY);
}

/** Of the last job of the queue. */
async function stateOf(queue: string, { admin }: Site): Promise<string | undefined> {
  const found = await admin.query<{ state: string }>(
    `select state::text from pgboss.job_common where name = $1
     order by created_on desc limit 1`,
    [queue],
  );
  return found.rows[0]?.state;
}

async function at(
  database: FreshDatabase,
  now: number,
  act: (site: Site) => Promise<void>,
): Promise<void> {
  const site = await openSite({ scenario, database, masterKey: MASTER_KEY, now });
  try {
    await act(site);
  } finally {
    await site.close();
  }
}

async function databaseLike(original?: FreshDatabase): Promise<FreshDatabase> {
  const database = await freshDatabase(original);
  databases.push(database);
  return database;
}

/** Starts the runs, a few at a time; each test waits for its own. */
function inTurns(runs: readonly (readonly [string, () => Promise<OpenedRecord>])[]): void {
  const running = new Set<Promise<unknown>>();
  for (const [name, run] of runs) {
    outcomes.set(name, turn(run));
  }

  async function turn(run: () => Promise<OpenedRecord>): Promise<OpenedRecord> {
    while (running.size >= AT_ONCE) await Promise.race(running);
    const outcome = run();
    const ended = Promise.allSettled([outcome]).finally(() => running.delete(ended));
    running.add(ended);
    return outcome;
  }
}
