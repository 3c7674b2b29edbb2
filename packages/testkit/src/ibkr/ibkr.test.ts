// The connector of Interactive Brokers against the simulated Flex Web Service: the true balances
// and positions at the end of every day of a story, across both changes of the clocks, and a
// refusal for whatever the service says instead.

import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import {
  add,
  formatDecimal,
  parseDecimal,
  sign,
  ZERO,
  type Anchor,
  type Decimal,
} from '@track-record/ledger';
import { computeHours, type Hour } from '@track-record/returns';
import { collect, loadVenues, type Collected, type VenueIdentity } from '@track-record/venues';
import { secretsOf } from '../simulator/returns-through.ts';
import { FLEX_QUERY, FLEX_TOKEN, flexAnswer, startFlexSimulator } from './simulator.ts';
import type { FlexSimulator } from './simulator.ts';
import { inNewYork, tellStory, WEEKS, type Truth } from './story.ts';

const story = tellStory(WEEKS.spring);
const FIRST_DAY = Date.parse('2026-03-05T05:00:00Z');
const LAST_DAY = 6;
let simulator: FlexSimulator;
/** What was fetched is shared for ten minutes: every test has an hour of its own. */
let hour = 0;

beforeEach(async () => {
  hour += 1;
  simulator = await startFlexSimulator(story.statementUntil(LAST_DAY));
});

afterEach(async () => simulator.close());

interface Asked {
  readonly from?: number;
  readonly token?: string;
  readonly query?: string;
  readonly signal?: AbortSignal;
  readonly at?: FlexSimulator;
}

interface Answered {
  readonly identity: VenueIdentity;
  readonly collected: Collected;
}

async function ask({
  from = FIRST_DAY,
  token = FLEX_TOKEN,
  query = FLEX_QUERY,
  signal = new AbortController().signal,
  at = simulator,
}: Asked = {}): Promise<Answered> {
  const venue = (await loadVenues(['ibkr'])).get('ibkr');
  if (venue === undefined) throw new Error('There is no such venue.');
  const egress = { host: '127.0.0.1', port: at.port };
  const credentials = secretsOf({ flexToken: token, flexQueryId: query });
  const session = await venue.connect(credentials, { egress, now: () => hour * 3_600_000, signal });
  try {
    return { identity: await session.identify(), collected: await collect(session, from, null) };
  } finally {
    await session.close();
  }
}

async function refusalOf(asked: Asked = {}): Promise<string> {
  try {
    await ask(asked);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    expect(JSON.stringify([error, String(error), error.cause ?? ''])).not.toContain(FLEX_TOKEN);
    return [error.code, ...(error.place === null ? [] : [error.place])].join(' ');
  }
}

/** As many services as statements, asked at the same time: a service is asked once a second. */
async function askAll<T>(
  statements: readonly string[],
  askOne: (at: FlexSimulator, index: number) => Promise<T>,
): Promise<T[]> {
  const all = await Promise.all(statements.map((each) => startFlexSimulator(each)));
  try {
    return await Promise.all(all.map(askOne));
  } finally {
    await Promise.all(all.map((each) => each.close()));
  }
}

/** What entries add up to, by asset and by instrument. */
function sumsOf({ entries }: Pick<Collected, 'entries'>): Record<string, string> {
  const sums = new Map<string, Decimal>();
  const count = (name: string, amount: Decimal): void => {
    sums.set(name, add(sums.get(name) ?? ZERO, amount));
  };
  for (const { postings, position } of entries) {
    for (const { asset, amount } of postings) count(asset, amount);
    if (position !== undefined) count(position.instrument, position.contracts);
  }
  return plain(sums);
}

function plain(amounts: ReadonlyMap<string, Decimal>): Record<string, string> {
  const held = [...amounts].filter(([, amount]) => sign(amount) !== 0);
  return Object.fromEntries(
    held.map(([name, amount]) => [name, Number(formatDecimal(amount)).toFixed(2)]),
  );
}

function truthOf({ balances, positions }: Truth): Record<string, string> {
  const all = [...balances, ...positions];
  return plain(new Map(all.map(([name, text]) => [name, parseDecimal(text)])));
}

function heldAt({ balances, positions }: Anchor): Record<string, string> {
  const held = positions.map(({ instrument, contracts }) => [instrument, contracts] as const);
  return plain(new Map([...balances, ...held]));
}

function dayStart(day: string): number {
  return inNewYork(day, '000000');
}

/** What a worker makes of a day: it knows the day before, and is told this one. */
function hoursBetween(before?: Answered, after?: Answered): Hour[] {
  if (before === undefined || after === undefined) throw new Error('There is no such day.');
  const window = { from: before.collected.anchor.asOf, to: after.collected.anchor.asOf };
  const { hours } = computeHours({
    account: { id: 'local', venue: 'ibkr', reportingCurrency: 'EUR' },
    window,
    instruments: after.collected.instruments,
    anchors: [before.collected.anchor, after.collected.anchor],
    entries: after.collected.entries.filter(({ at }) => at >= window.from),
    prices: after.collected.quoted.prices.filter(({ at }) => at >= window.from),
    marks: [...before.collected.quoted.marks, ...after.collected.quoted.marks].filter(
      ({ at }) => at >= window.from,
    ),
  });
  return [...hours];
}

function dayInNewYork(at: number): string {
  return new Date(at).toLocaleDateString('sv-SE', { timeZone: 'America/New_York' });
}

describe('accepts', () => {
  test.each(Object.entries(WEEKS))(
    'R27 in %s the true balances of every day',
    async (_week, days) => {
      const { truthAt, statementUntil } = tellStory(days);
      const statements = days.map((_day, index) => statementUntil(index));
      const from = Date.parse('2026-12-01');
      const told = await askAll(statements, (at) => ask({ from, at }));
      for (const [index, { collected }] of told.entries()) {
        const { anchor } = collected;
        expect(dayInNewYork(anchor.asOf - 1)).toBe(days[index]);
        expect(dayInNewYork(anchor.asOf)).not.toBe(days[index]);
        expect(heldAt(anchor)).toEqual(truthOf(truthAt(index)));
      }
    },
  );

  test('every entry from the first day to the last, each in its day', async () => {
    const { collected, identity } = await ask();
    expect(sumsOf(collected)).toEqual(truthOf(story.truthAt(LAST_DAY)));
    const counted = Map.groupBy(collected.entries, ({ at }) => dayInNewYork(at));
    expect([...counted].map(([day, { length }]) => `${day} ${length}`)).toEqual([
      '2026-03-05 4',
      '2026-03-06 2',
      '2026-03-09 4',
      '2026-03-10 3',
      '2026-03-11 1',
      '2026-03-12 3',
      '2026-03-13 3',
    ]);
    expect(identity).toMatchObject({ venueAccountId: 'U7654321', paper: false });
    expect(identity.permissions).toMatchObject({ trade: false, withdraw: false });
  });

  test('an expiry and an assignment end an option, and shares follow at the strike', async () => {
    const { collected } = await ask();
    const told = collected.entries.filter(({ at }) => dayInNewYork(at) === '2026-03-10');
    const lines = told.map(({ kind, position }) => `${kind} ${position?.instrument}`);
    expect(lines.toSorted()).toEqual(['fill 1001', 'settlement 2001', 'settlement 2002']);
    expect(collected.instruments.get('2001')).toMatchObject({ kind: 'option', base: 'ACME' });
  });

  test('a statement that is still being made is waited for', async () => {
    simulator.sendInstead.push(flexAnswer({ Status: 'Warn', ErrorCode: '1019' }));
    await ask();
    expect(simulator.asked).toEqual(['SendRequest', 'GetStatement', 'GetStatement']);
  }, 20_000);

  test('R28 accounts behind one token share one download', async () => {
    const other = simulator.statement.replaceAll('U7654321', 'U1111111');
    const [, second = ''] = /<FlexStatements count="1">(.*)<\/FlexStatements>/.exec(other) ?? [];
    simulator.statement = simulator.statement.replace('</FlexStatements>', `${second}$&`);
    const ids = ['U7654321', 'U1111111'];
    const told = await Promise.all(ids.map((id) => ask({ query: `${FLEX_QUERY}:${id}` })));
    expect(told.map(({ identity }) => identity.venueAccountId)).toEqual(ids);
    expect(simulator.asked).toEqual(['SendRequest', 'GetStatement']);
    expect(await refusalOf()).toBe('VENUE_SCOPE_MISSING flexQueryId.account');
  });
});

describe('accepts', () => {
  test.each(Object.entries(WEEKS))(
    'in %s the return of each day, in its last hour and in no other',
    async (_week, days) => {
      const { statementUntil } = tellStory(days);
      const statements = days.map((_day, index) => statementUntil(index));
      const totals = statements.map((each) => Number(/ total="([^"]*)"/.exec(each)?.[1]));
      const told = await askAll(statements, (at) => ask({ at, from: dayStart(days[0] ?? '') }));
      // The first and the last day have flows.
      for (let day = 1; day < days.length - 1; day += 1) {
        const hours = hoursBetween(told[day - 1], told[day]);
        const last = hours.pop();
        expect(hours.map((hour) => hour.status)).toEqual(hours.map(() => 'market_closed'));
        expect(hours.every((hour) => hour.return === null || sign(hour.return) === 0)).toBe(true);
        expect(last?.status).toBe('measured');
        const earned = (totals[day] ?? 0) / (totals[day - 1] ?? 0) - 1;
        expect(Number(formatDecimal(last?.return ?? ZERO))).toBeCloseTo(earned, 12);
        expect(Number(formatDecimal(last?.navClose ?? ZERO))).toBeCloseTo(totals[day] ?? 0, 2);
      }
    },
  );
});

describe('refuses', () => {
  test.each([
    ['1001', 'VENUE_UNAVAILABLE'],
    ['1003', 'VENUE_UNAVAILABLE'],
    ['1009', 'VENUE_UNAVAILABLE'],
    ['1012', 'VENUE_KEY_REJECTED'],
    ['1013', 'VENUE_IP_REJECTED'],
    ['1014', 'VENUE_SCOPE_MISSING'],
    ['1015', 'VENUE_KEY_REJECTED'],
    ['1017', 'VENUE_UNEXPECTED_SHAPE'],
    ['1018', 'VENUE_RATE_LIMITED'],
    ['1021', 'VENUE_UNAVAILABLE'],
    ['1999', 'VENUE_UNEXPECTED_SHAPE ErrorCode'],
  ])('the code %s as %s', async (code, refusal) => {
    simulator.refuseWith.push(code);
    expect(await refusalOf()).toBe(refusal);
  });

  test('R28 1018, with the wait after which the queue asks again', async () => {
    simulator.refuseWith.push('1018');
    await expect(ask()).rejects.toMatchObject({ retry: 'later', retryAfterSeconds: 60 });
  });

  test('R28 a storm of 1018: one request, and none again while the service counts', async () => {
    simulator.refuseWith.push('1018');
    const told = await Promise.all(Array.from({ length: 20 }, () => refusalOf()));
    expect(new Set(told)).toEqual(new Set(['VENUE_RATE_LIMITED']));
    expect(simulator.asked).toEqual(['SendRequest']);
  });

  test.each([
    ['a token that is none', { token: '1' }, 'VENUE_KEY_REJECTED'],
    ['a query that is none', { query: '1' }, 'VENUE_SCOPE_MISSING'],
    [
      'an account that is not in it',
      { query: '123456:U1' },
      'VENUE_SCOPE_MISSING flexQueryId.account',
    ],
    ['a day before the first', { from: FIRST_DAY - 1 }, 'VENUE_INCOMPLETE fromDate'],
  ])('%s', async (_name, asked, refusal) => {
    expect(await refusalOf(asked)).toBe(refusal);
  });

  test('to send the token to any other address', async () => {
    const urls = [
      'https://interactivebrokers.com.example.org/x',
      'http://gdcdyn.interactivebrokers.com/x',
      'https://gdcdyn.interactivebrokers.com:8443/x',
      'https://user@gdcdyn.interactivebrokers.com.example.org/x',
      'javascript:alert(1)',
      '',
    ];
    const told = await askAll(urls, async (at, index) => {
      at.statementUrl = urls[index] ?? '';
      return `${await refusalOf({ at })} after ${at.asked.join()}`;
    });
    expect(new Set(told)).toEqual(new Set(['VENUE_HOST_REFUSED after SendRequest']));
  });

  test('whatever is sent instead of a statement', async () => {
    const whole = story.statementUntil(LAST_DAY);
    const cases: readonly (readonly [body: string, refusal: string])[] = [
      ['', 'VENUE_UNAVAILABLE'],
      ['<html><br></html>', 'VENUE_UNEXPECTED_SHAPE xml'],
      ['<a>1019</a>', 'VENUE_UNEXPECTED_SHAPE ErrorCode'],
      ['<FlexQueryResponse/>', 'VENUE_SCOPE_MISSING flexQueryId.account'],
      [`<!DOCTYPE a><a>${' '.repeat(5_000_000)}</a>`, 'VENUE_UNEXPECTED_SHAPE xml.doctype'],
      [whole.replace(/<\/FlexStatement>.*/, ''), 'VENUE_UNEXPECTED_SHAPE xml'],
      [whole.replace(/<Transfers>.*<\/Transfers>/, ''), 'VENUE_SCOPE_MISSING Transfers'],
      [
        whole.replace(/<ConversionRates>.*<\/ConversionRates>/, ''),
        'VENUE_SCOPE_MISSING ConversionRates',
      ],
      [whole.replace(' transferPrice="0"', ''), 'VENUE_SCOPE_MISSING Transfers.transferPrice'],
      [whole.replace(';052500', ';000000'), 'accepted'],
      [whole.replace('whenGenerated="20260314', 'whenGenerated="20260313'), 'VENUE_STALE toDate'],
    ];
    const told = await askAll(
      cases.map(([body]) => body),
      (at) => refusalOf({ at }),
    );
    expect(told).toEqual(cases.map(([, refusal]) => refusal));
  });

  test('to go on after the job was stopped', async () => {
    simulator.sendInstead.push(flexAnswer({ Status: 'Warn', ErrorCode: '1019' }));
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1_500);
    expect(await refusalOf({ signal: stop.signal })).toBe('VENUE_UNAVAILABLE');
  });
});

describe('holds', () => {
  test('dropping any one row is refused or makes no difference', async () => {
    const whole = simulator.statement;
    const { collected } = await ask();
    const rows =
      whole.match(/<(Trade|CashTransaction|Transfer|CorporateAction|OpenPosition) [^>]*>/g) ?? [];
    const statements = rows.map((row) => whole.replace(row, ''));
    const told = await askAll(statements, async (at) => {
      try {
        const answer = await ask({ at });
        const { anchor } = answer.collected;
        if (sameSums(answer.collected, collected)) return 'same';
        // From nothing, entries add up to what is held, or the ledger withholds the hours.
        const isHeld = isDeepStrictEqual(sumsOf(answer.collected), heldAt(anchor));
        return isHeld ? 'unnoticed' : 'not reconciled';
      } catch (error) {
        return codeOf(error);
      }
    });
    expect(rows).toHaveLength(29);
    expect(new Set(told)).toEqual(new Set(['same', 'VENUE_INCOMPLETE', 'not reconciled']));
  });
});

function sameSums(one: Collected, other: Collected): boolean {
  return isDeepStrictEqual(sumsOf(one), sumsOf(other));
}
