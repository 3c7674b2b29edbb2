// Nothing runs for seven hours, then a worker starts: every hour of every account comes, oldest
// first, and says in what is signed that it comes late. Until then the operator sees what lacks.

import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openStore, type Store } from '@track-record/store';
import { drain, venueDepths } from '@track-record/store/operator';
import { openFleet, type Fleet } from './fleet.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 5);
const ACCOUNTS = 3;
const HOURS = 24;
const HOURS_BEFORE = 17;
const HOURS_DOWN = 7;
const LOOK_MS = 30 * 60_000;
const LATE_AFTER_MS = 1_200_000;
const PATIENCE_MS = 120_000;
const QUEUE = 'sync-account.binance';

/** What the operator sees of the venue. */
interface Seen {
  readonly hoursMissing: string;
  readonly hoursWithheld: string;
  readonly accountsBehind: string;
}

interface Stated {
  readonly account: string;
  readonly hour: number;
  readonly provenance: string;
  readonly lateMs: number;
}

let fleet: Fleet;
let desk: Store;
let missing: Seen | undefined;
let afterwards: Seen | undefined;
let stated: readonly Stated[];

beforeAll(async () => {
  const now = START + HOURS_BEFORE * HOUR_MS + LOOK_MS;
  // Connected within an hour, which is therefore backfilled; the next one is not.
  const connectedAt = now - HOUR_MS;
  const masterKey = '7b'.repeat(32);
  fleet = await openFleet({
    accounts: ACCOUNTS,
    start: START,
    hours: HOURS,
    masterKey,
    now: connectedAt,
  });
  desk = openStore(fleet.operatorUrl, { connectionsMax: 1 });
  const first = await fleet.startWorker();
  await fleet.handInAll();
  await fleet.untilSigned(START + (HOURS_BEFORE - 2) * HOUR_MS);
  fleet.setClock(now);
  await fleet.untilSigned(START + (HOURS_BEFORE - 1) * HOUR_MS);
  await first.stop();
  fleet.setClock(now + HOURS_DOWN * HOUR_MS);
  await drain(desk.db, QUEUE, true, 'restart drill');
  // From here on nobody helps: the worker's own start finds what lacks.
  await fleet.startWorker();
  while (missing?.hoursMissing !== String(ACCOUNTS * HOURS_DOWN)) {
    await wait(100);
    [missing] = await venueDepths(desk.db);
  }
  await drain(desk.db, QUEUE, false, 'restart drill');
  await fleet.untilSigned(START + (HOURS_BEFORE + HOURS_DOWN - 1) * HOUR_MS, 'left alone');
  [afterwards] = await venueDepths(desk.db);
  stated = await readStated();
}, PATIENCE_MS);

afterAll(async () => {
  await desk.close();
  await fleet.close();
});

describe('holds', () => {
  test('R34 R39 every hour of every account, in order, none twice', () => {
    const hours = Array.from(
      { length: HOURS_BEFORE + HOURS_DOWN },
      (_, at) => START + at * HOUR_MS,
    );
    const accounts = [...new Set(stated.map(({ account }) => account))];
    expect(accounts).toHaveLength(ACCOUNTS);
    for (const account of accounts) {
      const own = stated.filter((each) => each.account === account);
      expect(own.map(({ hour }) => hour)).toEqual(hours);
    }
  });

  test('R42 the hours of the outage are observed, and late by what is signed', () => {
    const down = stated.filter(({ hour }) => hour >= START + HOURS_BEFORE * HOUR_MS);
    expect(down).toHaveLength(ACCOUNTS * HOURS_DOWN);
    expect(new Set(down.map(({ provenance }) => provenance))).toEqual(new Set(['observed']));
    expect(down.filter(({ lateMs }) => lateMs <= LATE_AFTER_MS)).toEqual([]);
    expect(Math.max(...down.map(({ lateMs }) => lateMs))).toBe(6 * HOUR_MS + LOOK_MS);
  });

  test('the operator saw every missing hour while the queue was held back, and none after', () => {
    expect(missing).toMatchObject({ accountsBehind: String(ACCOUNTS), hoursWithheld: '0' });
    expect(afterwards).toMatchObject({ accountsBehind: '0', hoursMissing: '0' });
  });
});

/** From the signed bytes, by account and sequence. */
async function readStated(): Promise<readonly Stated[]> {
  const found = await fleet.admin.query<{ body: Buffer }>(
    'select body from record.statement order by account_id, sequence',
  );
  return found.rows.map(({ body }) => {
    const { account, hour, provenance, observedAt } = JSON.parse(body.toString('utf8'));
    const start = Date.parse(hour);
    return { account, hour: start, provenance, lateMs: Date.parse(observedAt) - start - HOUR_MS };
  });
}
