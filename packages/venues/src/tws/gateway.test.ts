// The connection to a Gateway against the simulated one: whatever the network, the Gateway or the
// client library does, an answer is whole or there is none, and what can be asked again is.

import { createRequire } from 'node:module';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import { formatDecimal } from '@track-record/ledger';
import { startTwsSimulator } from '../../../testkit/src/tws/simulator.ts';
import type { TwsFault, TwsSimulator } from '../../../testkit/src/tws/simulator.ts';
import { askBars, listedContract, pairContract } from './bars.ts';
import { openGateway, type Gateway } from './gateway.ts';
import { askExecutions, askPositions } from './live.ts';

const HOUR_MS = 3_600_000;
const UNTIL = Date.UTC(2026, 2, 5, 21);
/** Texts that no double gives back as they were written. */
const CLOSES = ['0.30000000000000004', '123456789.123456789', '1.10', '0.1'];
const LIMITS = { deadlineMs: 400, attempts: 3 };
const OPTION = ['', '0.0', '', ''];
const LISTED = ['SMART', 'USD', 'ACME', 'NMS'];
const EXECUTIONS = [
  executed('0000e0d5.65b1.01.01', '100', '20.1'),
  executed('0000e0d5.65b1.01.02', '100', '20.10000000000000009'),
  executed('0000e0d5.65b2.01.01', '0.5', '19.99', 'SLD'),
];
const COMMISSIONS = ['0000e0d5.65b1.01.01', '0000e0d5.65b1.01.02', '0000e0d5.65b2.01.01'].map(
  (id) => ['59', '1', id, '1.000188', 'USD', '1.7976931348623157E308', '', ''],
);
const END = ['55', '1', 'ID'];
const lists = new Map<string, readonly (readonly string[])[]>();
let simulator: TwsSimulator;
const gateways: Gateway[] = [];

function executed(id: string, shares: string, price: string, side = 'BOT'): readonly string[] {
  const instant = '20261120 10:31:05 US/Eastern';
  const order = ['7', '9', '0', shares, price, '', '', '', '', '2', '0'];
  const head = ['11', 'ID', '7', '1001', 'ACME', 'STK', ...OPTION, ...LISTED, id, instant];
  return [...head, 'U7654321', 'NASDAQ', side, shares, price, ...order];
}

beforeAll(async () => {
  const barsOf = (name: string) =>
    (name === '404' ? [] : CLOSES).map((close, index) => {
      const end = UNTIL - (CLOSES.length - 1 - index) * HOUR_MS;
      return { start: end - HOUR_MS / 2, end, close };
    });
  simulator = await startTwsSimulator({ barsOf, recorded: lists });
});

afterEach(() => {
  for (const gateway of gateways.splice(0)) gateway.close();
  simulator.faults.length = 0;
  simulator.asked.length = 0;
  simulator.clientIds.clear();
  simulator.isResetting = false;
  lists.clear();
});

afterAll(async () => simulator.close());

function gatewayOf(signal = new AbortController().signal): Gateway {
  const gateway = openGateway({ host: '127.0.0.1', port: simulator.port }, signal, LIMITS);
  gateways.push(gateway);
  return gateway;
}

async function closes(gateway = gatewayOf(), conid = '1001'): Promise<readonly string[]> {
  const told = await gateway.ask(askBars(listedContract(conid), false, UNTIL, 2));
  return [...told].map(([at, close]) => `${(UNTIL - at) / HOUR_MS} ${formatDecimal(close)}`);
}

async function refusalOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return 'accepted';
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return [error.code, error.place].join(' ').trim();
  }
}

const WHOLE = CLOSES.map((close, index) => `${CLOSES.length - 1 - index} ${close}`);

describe('accepts', () => {
  test('C3 closes with every digit that was sent, at the end of their hours', async () => {
    expect(await closes()).toEqual(WHOLE);
    expect(simulator.asked).toEqual(['71', '20']);
  });

  test('a pair of currencies, by its middle and at all hours', async () => {
    const told = await gatewayOf().ask(askBars(pairContract('EUR', 'USD'), true, UNTIL, 2));
    expect(told.size).toBe(CLOSES.length);
  });

  test('no bars: a time without trades', async () => {
    expect(await closes(undefined, '404')).toEqual([]);
  });

  test.each<[TwsFault, number]>([
    ['three-bytes-at-a-time', 1],
    ['late-end', 1],
    ['unknown-message', 1],
    ['half-open', 2],
    ['dropped-within', 2],
    ['cut-frame', 2],
    ['without-end', 2],
    ['connectivity-lost', 2],
    ['data-lost', 2],
    ['reject-that-is-no-json', 2],
    ['length-below-zero', 2],
    ['length-of-gigabytes', 2],
  ])('%s: the whole answer, on connection %i', async (fault, connections) => {
    simulator.faults.push(fault);
    expect(await closes()).toEqual(WHOLE);
    expect(simulator.asked.filter((type) => type === '71')).toHaveLength(connections);
  });

  test('326: another id, when somebody has the first', async () => {
    simulator.clientIds.add('7300').add('7301');
    expect(await closes()).toEqual(WHOLE);
  });

  test.each([
    ['in order', [...EXECUTIONS, END, ...COMMISSIONS]],
    ['commissions first', [...COMMISSIONS, ...EXECUTIONS, END]],
    ['turned round', [...COMMISSIONS.slice(2), ...EXECUTIONS, ...COMMISSIONS.slice(0, 2), END]],
  ])('fills with their commissions, %s; a correction takes the place', async (_name, messages) => {
    lists.set('7', messages);
    const told = await gatewayOf().ask(askExecutions);
    const lines = told.map(({ at, contracts, price, commission, commissionCurrency }) =>
      [at, ...[contracts, price, commission].map(formatDecimal), commissionCurrency].join(' '),
    );
    const at = Date.UTC(2026, 10, 20, 15, 31, 5);
    expect(lines).toEqual([
      `${at} 100 20.10000000000000009 1.000188 USD`,
      `${at} -0.5 19.99 1.000188 USD`,
    ]);
  });
});

describe('refuses', () => {
  test.each<[TwsFault, string]>([
    ['pacing', 'VENUE_RATE_LIMITED'],
    ['no-permission', 'VENUE_SCOPE_MISSING'],
    ['fewer-bars-than-said', 'VENUE_UNEXPECTED_SHAPE bars'],
    ['close-that-is-no-number', 'VENUE_UNEXPECTED_SHAPE close'],
  ])('%s: %s', async (fault, refusal) => {
    simulator.faults.push(fault);
    expect(await refusalOf(closes())).toBe(refusal);
  });

  test.each<[TwsFault, string]>([
    ['half-open', 'VENUE_UNAVAILABLE deadline'],
    ['dropped-within', 'VENUE_UNAVAILABLE connection'],
    ['connectivity-lost', 'VENUE_UNAVAILABLE connectivity'],
    ['reject-that-is-no-json', 'VENUE_UNAVAILABLE frame'],
    ['length-below-zero', 'VENUE_UNAVAILABLE frame'],
  ])('%s each time: %s', async (fault, refusal) => {
    simulator.faults.push(fault, fault, fault);
    expect(await refusalOf(closes())).toBe(refusal);
  });

  test('everybody, while it starts anew at night, and nobody afterwards', async () => {
    simulator.isResetting = true;
    const gateway = gatewayOf();
    expect(await refusalOf(closes(gateway))).toBe('VENUE_UNAVAILABLE connection');
    simulator.isResetting = false;
    expect(await closes(gateway)).toEqual(WHOLE);
  });

  test('a port where nobody is', async () => {
    const gateway = openGateway(
      { host: '127.0.0.1', port: 1 },
      new AbortController().signal,
      LIMITS,
    );
    expect(await refusalOf(closes(gateway))).toBe('VENUE_UNAVAILABLE connection');
  });

  test('to go on after the job was stopped', async () => {
    simulator.faults.push('half-open');
    const stop = new AbortController();
    const asked = refusalOf(closes(gatewayOf(stop.signal)));
    await wait(100);
    stop.abort();
    expect(await asked).toBe('VENUE_UNAVAILABLE');
  });

  test.each<[string, readonly (readonly string[])[], string]>([
    ['a commission that never comes', [...EXECUTIONS, END], 'VENUE_UNAVAILABLE deadline'],
    ['a list that never ends', [...EXECUTIONS, ...COMMISSIONS], 'VENUE_UNAVAILABLE deadline'],
    [
      'a time in no zone',
      [...COMMISSIONS, EXECUTIONS[2]?.map((each) => each.replace(' US/Eastern', '')) ?? [], END],
      'VENUE_UNEXPECTED_SHAPE time',
    ],
    ['a fill cut short', [EXECUTIONS[2]?.slice(0, 20) ?? [], END], 'VENUE_UNEXPECTED_SHAPE'],
  ])('%s', async (_name, messages, refusal) => {
    lists.set('7', messages);
    expect(await refusalOf(gatewayOf().ask(askExecutions))).toContain(refusal);
  });

  test('positions without their end', async () => {
    expect(await refusalOf(gatewayOf().ask(askPositions))).toBe('VENUE_UNAVAILABLE deadline');
  });
});

describe('holds', () => {
  /** The client library alone, in a thread of its own. */
  function libraryAlone(): Worker {
    const library = createRequire(import.meta.url).resolve('@stoqey/ib/dist/api/api.js');
    const code = `const { IBApi } = require(${JSON.stringify(library)});
      const { parentPort } = require('node:worker_threads');
      const options = { host: '127.0.0.1', port: ${simulator.port}, clientId: 1, maxReqPerSec: 40 };
      const api = new IBApi(options);
      api.on('nextValidId', () => api.reqPositions());
      setInterval(() => parentPort.postMessage('turns'), 20);
      api.connect();`;
    return new Worker(code, { eval: true });
  }

  test('the library alone: a reject that is no JSON ends its thread', async () => {
    simulator.faults.push('reject-that-is-no-json');
    const thread = libraryAlone();
    const [error] = await once(thread, 'error');
    expect(String(error)).toContain('SyntaxError');
  });

  test('the library alone: after a length below zero its thread turns no more', async () => {
    simulator.faults.push('length-below-zero');
    const thread = libraryAlone();
    try {
      let turns = 0;
      thread.on('message', () => (turns += 1));
      for (let left = 100; left > 0 && !simulator.asked.includes('61'); left -= 1) await wait(20);
      expect(simulator.asked).toContain('61');
      expect(turns).toBeGreaterThan(0);
      await wait(200);
      turns = 0;
      await wait(300);
      expect(turns).toBe(0);
    } finally {
      await thread.terminate();
    }
  });

  test('no order is ever sent', async () => {
    lists.set('7', [END]);
    const gateway = gatewayOf();
    await closes(gateway);
    await gateway.ask(askExecutions);
    expect(simulator.asked.every((type) => ['71', '20', '7'].includes(type))).toBe(true);
  });
});
