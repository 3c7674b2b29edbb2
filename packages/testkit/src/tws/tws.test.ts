// Interactive Brokers with a Gateway against the simulated Flex Web Service and the simulated
// Gateway: the true return of every hour of a story, whatever the Gateway does on the way.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { collect } from '@track-record/venues';
import { hoursOf, type Bar, type StoryHours } from '../ibkr/hours.ts';
import { FLEX_QUERY, FLEX_TOKEN, startFlexSimulator } from '../ibkr/simulator.ts';
import type { FlexSimulator } from '../ibkr/simulator.ts';
import { tellStory, WEEKS } from '../ibkr/story.ts';
import {
  codeThrough,
  returnsThrough,
  trueReturns,
  withSession,
  type Credentials,
} from '../simulator/returns-through.ts';
import { startRelay, type Relay } from './relay.ts';
import { startTwsSimulator } from './simulator.ts';
import type { TwsAnswers, TwsFault, TwsSimulator } from './simulator.ts';

const ADDRESS = { host: '10.1.2.3', port: '4001' };
const CREDENTIALS = { flexToken: FLEX_TOKEN, flexQueryId: FLEX_QUERY, ...ADDRESS };

interface Stage {
  readonly hours: StoryHours;
  readonly flex: FlexSimulator;
  readonly gateway: TwsSimulator;
  readonly relay: Relay;
}

const stages = new Map<string, Stage>();
const spring = (): Stage => stageOf('spring');

function stageOf(week: string): Stage {
  const stage = stages.get(week);
  if (stage === undefined) throw new Error('There is no such week.');
  return stage;
}

beforeAll(async () => {
  for (const [week, days] of Object.entries(WEEKS)) stages.set(week, await startStage(days));
});

afterEach(() => {
  for (const { gateway } of stages.values()) gateway.faults.length = 0;
});

afterAll(async () => {
  for (const stage of stages.values()) await closeStage(stage);
});

async function returnsOf({ hours, relay }: Stage): Promise<readonly (string | null)[]> {
  const told = await returnsThrough('tws', relay, hours, CREDENTIALS, () => hours.end);
  return told.returns;
}

/** `accepted`, or the code that a synchronisation ends with. */
async function codeOfVisit({ relay, hours }: Stage, more: Credentials = {}): Promise<string> {
  const now = (): number => hours.end;
  return await codeThrough('tws', relay, { ...CREDENTIALS, ...more }, now, async (session) => {
    await session.identify();
    await collect(session, hours.start, null);
  });
}

describe('accepts', () => {
  test.each(Object.keys(WEEKS))('R27 in %s the true return of every hour', async (week) => {
    const stage = stageOf(week);
    const returns = await returnsOf(stage);
    expect(returns).toEqual(trueReturns(stage.hours));
    // Only what was before the first deposit has none.
    expect(returns.filter((each) => each !== null)).toHaveLength(returns.length - 9);
  });

  test('what can be done with a Gateway is said, whatever its owner has set', async () => {
    const now = (): number => spring().hours.end;
    const identity = await withSession('tws', spring().relay, CREDENTIALS, now, (session) =>
      session.identify(),
    );
    expect(identity).toMatchObject({
      venueAccountId: 'U7654321',
      permissions: { read: true, trade: true, withdraw: false },
    });
  });

  test.each<[TwsFault, TwsFault, TwsFault]>([
    ['dropped-within', 'reject-that-is-no-json', 'late-end'],
    ['length-below-zero', 'connectivity-lost', 'three-bytes-at-a-time'],
    ['data-lost', 'unknown-message', 'length-of-gigabytes'],
  ])('%s, %s and %s on the way: the same returns', async (...faults) => {
    spring().gateway.faults.push(...faults);
    expect(await returnsOf(spring())).toEqual(trueReturns(spring().hours));
  });
});

describe('refuses', () => {
  test.each<[string, Credentials, string]>([
    ['a name for an address', { host: 'gateway.example.org' }, 'VENUE_KEY_REJECTED'],
    ['no port', { port: '' }, 'VENUE_KEY_REJECTED'],
    ['a port that is none', { port: '70000' }, 'VENUE_KEY_REJECTED'],
    ["the worker's own machine", { host: '127.0.0.1' }, 'VENUE_HOST_REFUSED'],
    ['what a cloud tells its machines', { host: '169.254.169.254' }, 'VENUE_HOST_REFUSED'],
    ['a wrong token', { flexToken: '1' }, 'VENUE_KEY_REJECTED'],
  ])('%s', async (_name, more, code) => {
    expect(await codeOfVisit(spring(), more)).toBe(code);
  });

  test('C7 a Gateway of another account', async () => {
    const { hours } = spring();
    await withStage(WEEKS.spring, hours.barsOf, 'U1,DU2', async (stage) => {
      expect(await codeOfVisit(stage)).toBe('VENUE_SCOPE_MISSING');
    });
  });

  test.each<[TwsFault, string]>([
    ['pacing', 'VENUE_RATE_LIMITED'],
    ['no-permission', 'VENUE_SCOPE_MISSING'],
    ['fewer-bars-than-said', 'VENUE_UNEXPECTED_SHAPE'],
  ])('%s: nothing at all, and no hour less certain', async (fault, code) => {
    spring().gateway.faults.push(fault);
    expect(await codeOfVisit(spring())).toBe(code);
  });

  test('a Gateway that is starting anew, until it is back', async () => {
    spring().gateway.isResetting = true;
    expect(await codeOfVisit(spring())).toBe('VENUE_UNAVAILABLE');
    spring().gateway.isResetting = false;
    expect(await codeOfVisit(spring())).toBe('accepted');
  });
});

describe('holds', () => {
  test('a Gateway that lies cannot change what days without flows earned', async () => {
    const days = WEEKS.spring.slice(0, -1);
    const { hours } = spring();
    const lies = (name: string): readonly Bar[] =>
      hours.barsOf(name).map((bar) => ({ ...bar, close: name === 'EUR.USD' ? '1.5' : '777' }));
    await withStage(days, lies, 'U7654321', async (stage) => {
      const [returns, truth] = [await returnsOf(stage), trueReturns(stage.hours)];
      expect(returns).not.toEqual(truth);
      expect(productOf(returns)).toBeCloseTo(productOf(truth), 12);
    });
  });
});

async function withStage(
  days: readonly string[],
  barsOf: StoryHours['barsOf'],
  accounts: string,
  use: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await startStage(days, { barsOf, accounts });
  try {
    await use(stage);
  } finally {
    await closeStage(stage);
  }
}

async function startStage(days: readonly string[], answers?: TwsAnswers): Promise<Stage> {
  const story = tellStory(days);
  const hours = hoursOf(story, 7);
  const flex = await startFlexSimulator(story.statementUntil(days.length - 1));
  const gateway = await startTwsSimulator(answers ?? { barsOf: hours.barsOf });
  return { hours, flex, gateway, relay: await startRelay(flex.port, gateway.port) };
}

async function closeStage({ flex, gateway, relay }: Stage): Promise<void> {
  await relay.close();
  await gateway.close();
  await flex.close();
}

function productOf(returns: readonly (string | null)[]): number {
  return returns.reduce((product, each) => product * (1 + Number(each ?? '0')), 1);
}
