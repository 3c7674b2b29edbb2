// R28 R36 The route of the record with Interactive Brokers and a Gateway, day after day, through
// what goes wrong on the way: the right hours appear exactly once, late, and none before the
// statement of its day.

import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadVenues, type Venue } from '@track-record/venues';
import { hoursOf } from '../ibkr/hours.ts';
import { FLEX_QUERY, FLEX_TOKEN, flexAnswer, startFlexSimulator } from '../ibkr/simulator.ts';
import type { FlexSimulator } from '../ibkr/simulator.ts';
import { inNewYork, tellStory, WEEKS } from '../ibkr/story.ts';
import { freshDatabase, type FreshDatabase } from '../postgres/template-database.ts';
import { openDesk, type Desk, type Ending } from '../route/desk.ts';
import { MASTER_KEY, scenario } from '../route/small-account.ts';
import { startRelay, type Relay } from './relay.ts';
import { startTwsSimulator, type TwsSimulator } from './simulator.ts';

const HOUR_MS = 3_600_000;
/** The service counts requests by real time. */
const FLEX_SPACING_MS = 1_000;
const days = WEEKS.spring;
const story = tellStory(days);
const truth = hoursOf(story, 7);
const FIELDS = { flexToken: FLEX_TOKEN, flexQueryId: FLEX_QUERY, host: '10.1.2.3', port: '4001' };

let flex: FlexSimulator;
let gateway: TwsSimulator;
let relay: Relay;
let database: FreshDatabase;
let desk: Desk;
let change: Parameters<Desk['connect']>[0];

/** The end of a day of the story, in milliseconds UTC. */
function endOf(day: number): number {
  const next = new Date(Date.parse(`${days[day]}T00:00:00Z`) + 24 * HOUR_MS);
  return inNewYork(next.toISOString().slice(0, 10), '000000');
}

beforeAll(async () => {
  flex = await startFlexSimulator(story.statementUntil(0));
  gateway = await startTwsSimulator({ barsOf: truth.barsOf });
  relay = await startRelay(flex.port, gateway.port);
  database = await freshDatabase();
  const own = {
    ...scenario,
    start: truth.start,
    credentials: { ...scenario.credentials, ...FIELDS },
  };
  const now = endOf(0) + 2 * HOUR_MS;
  desk = await openDesk({ scenario: own, database, masterKey: MASTER_KEY, now });
  const [tws] = (await loadVenues(['tws'])).values();
  if (tws === undefined) throw new Error('There is no such venue.');
  // The desk knows its account's venue by another name.
  const capabilities = { ...tws.capabilities, venue: 'binance', quoteCurrency: 'EUR' };
  const venue: Venue = { ...tws, capabilities };
  change = {
    venues: new Map([['binance', venue]]),
    egress: { host: '127.0.0.1', port: relay.port },
  };
  await desk.handIn({ allowTradingKey: true });
});

afterAll(async () => {
  await desk.close();
  await database.drop();
  for (const each of [relay, gateway, flex]) await each.close();
});

/** The night after a day, some time after its statement could be there. */
async function syncAt(day: number, minutes: number): Promise<Ending> {
  desk.setClock(endOf(day) + 2 * HOUR_MS + minutes * 60_000);
  return await desk.sync(endOf(day) - HOUR_MS, change);
}

interface Stated {
  readonly hour: number;
  readonly status: string;
  readonly return: string | null;
}

async function stated(): Promise<readonly Stated[]> {
  const { rows } = await desk.admin.query<Record<'hour' | 'status' | 'return', string | null>>(
    `select extract(epoch from hour) * 1000 as hour, status, return
     from record.hourly_return order by sequence`,
  );
  return rows.map((row) => {
    return { hour: Number(row.hour), status: String(row.status), return: row.return };
  });
}

/** With the four digits that are shown; null where nothing was at work. */
function told(hours: number): readonly (string | null)[] {
  return truth
    .truth()
    .slice(0, hours)
    .map(({ return: exact }) => {
      if (exact === null) return null;
      const shown = (Number(exact.mantissa) / 10 ** exact.scale).toFixed(4);
      return shown === '-0.0000' ? '0.0000' : shown;
    });
}

describe('holds', () => {
  test('R27 R28 the right hours, once, late, and none before its day was told', async () => {
    expect(await desk.connect(change)).toBe('DONE');
    const endings: Ending[] = [await syncAt(0, 0)];
    await wait(FLEX_SPACING_MS);
    // The statement is still that of the day before.
    endings.push(await syncAt(2, 0));
    flex.statement = story.statementUntil(2);
    // Asked too often, for as long as the service counts.
    flex.refuseWith.push('1018');
    endings.push(await syncAt(2, 20), await syncAt(2, 20));
    expect((await stated()).length).toBe(24);
    await wait(FLEX_SPACING_MS);
    gateway.isResetting = true;
    endings.push(await syncAt(2, 40));
    gateway.isResetting = false;
    gateway.faults.push('reject-that-is-no-json', 'length-below-zero');
    endings.push(await syncAt(2, 41), await syncAt(2, 42));
    expect(endings).toEqual([
      'DONE',
      'VENUE_STALE',
      'VENUE_RATE_LIMITED',
      'VENUE_RATE_LIMITED',
      'VENUE_UNAVAILABLE',
      'DONE',
      'DONE',
    ]);
    await wait(FLEX_SPACING_MS);
    flex.statement = story.statementUntil(6);
    flex.sendInstead.push(flexAnswer({ Status: 'Warn', ErrorCode: '1019' }));
    expect(await syncAt(6, 0)).toBe('DONE');
    const hours = await stated();
    expect(hours.map(({ hour }) => hour)).toEqual(
      hours.map((_hour, index) => truth.start + index * HOUR_MS),
    );
    expect(hours.at(-1)?.hour).toBe(truth.end - HOUR_MS);
    expect(hours.map((hour) => hour.return)).toEqual(told(hours.length));
    const carried = hours.filter(({ status }) => status === 'market_closed');
    expect(carried.length).toBeGreaterThan(100);
    expect(carried.every((hour) => hour.return !== null)).toBe(true);
  }, 120_000);
});
