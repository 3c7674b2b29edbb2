// Deribit's log: sessions of inverse contracts, and what is held between two settlements. Rows are
// the documentation's (docs.deribit.com, "private/get_transaction_log"), shortened.

import { describe, expect, test } from '@jest/globals';
import { codeOf, RecordError } from '@track-record/errors';
import { formatDecimal, parseDecimal } from '@track-record/ledger';
import { lineOf } from '../../../../testkit/src/recorded-payloads.ts';
import type { Job } from '../feed.ts';
import { isEntry } from '../readings.ts';
import type { Row } from '../rows.ts';
import { contractOf, finish, LOG, readLog } from './log.ts';
import { connector } from './venue.ts';

const AT = 1_613_659_544_153;
const DAY_MS = 86_400_000;
const PERPETUAL = { instrument_name: 'BTC-PERPETUAL', currency: 'BTC' };
const before: Row = {
  ...PERPETUAL,
  id: 61_200,
  type: 'settlement',
  timestamp: AT - DAY_MS,
  side: 'long',
  position: 1000,
  price: 50_000,
  change: '0.001',
  balance: '3003.72054812',
};
const bought: Row = {
  ...PERPETUAL,
  id: 61_250,
  type: 'trade',
  timestamp: AT - 1000,
  side: 'open buy',
  amount: 600,
  price: 40_000,
  change: '-0.000001',
  balance: '3003.72054712',
};
const settled: Row = {
  ...PERPETUAL,
  id: 61_311,
  type: 'settlement',
  timestamp: AT,
  side: 'long',
  position: 1600,
  price: 64_000,
  change: '0.010009930000000000',
  balance: '3003.73055705',
};

function told(...rows: readonly Row[]): readonly string[] {
  const fail = (): never => {
    throw new RecordError('VENUE_UNAVAILABLE');
  };
  const job: Job = {
    client: { call: fail, requestCount: () => 0, setServerTime: fail, isOurs: fail, close: fail },
    markets: { pairs: new Map(), contracts: new Map() },
    contracts: new Map(),
    window: { from: AT - 3_600_000, to: AT + 3_600_000 },
    isFirst: true,
    cursor: { version: 1, pending: {}, settled: {} },
    holdings: fail,
    readings: rows.flatMap((row) => readLog(row)),
    rows: new Map([[LOG, rows]]),
  };
  finish(job);
  return job.readings.filter(isEntry).map(lineOf);
}

describe('accepts', () => {
  test('a settlement turns what is held at its price; what the profit leaves is funding', () => {
    // 1000 from 50,000 and 600 from 40,000 to 64,000: 0.02 + 0.015 - 0.025 = 0.01.
    expect(told(settled, bought, before)).toEqual([
      `log.BTC.61250 ${AT - 1000} fill BTC/USD:BTC 600 at 40000, BTC -0.000001 fee`,
      `settlement.BTC.61311.0 ${AT} settlement BTC/USD:BTC -1600 at 64000`,
      `settlement.BTC.61311.1 ${AT} settlement BTC/USD:BTC 1600 at 64000`,
      `settlement.BTC.61311.rest ${AT} funding BTC 0.000009930000000000`,
    ]);
  });

  test('a delivery closes what is held', () => {
    const name = { instrument_name: 'BTC-27JUN25' };
    const sold = { ...bought, ...name, side: 'open sell', price: 64_000 };
    const delivered = {
      ...settled,
      ...name,
      type: 'delivery',
      side: 'close buy',
      amount: 600,
      position: 0,
      price: 40_000,
      change: '0.005625',
    };
    expect(told(delivered, sold).slice(1)).toEqual([
      `settlement.BTC.61311.0 ${AT} settlement BTC/USD:BTC-27JUN25 600 at 40000`,
    ]);
  });

  test('contracts by their names', () => {
    expect(contractOf('SOL_USDC-PERPETUAL')?.symbol).toBe('SOL/USDC:USDC');
    expect(contractOf('BTC-19FEB21-49200-C')).toBeNull();
  });

  test.each([
    // As a short from 1600 to 2000: 1 / 2000 - 1 / 1600.
    ['ETH-PERPETUAL', 'sell', '-0.000125', '1600'],
    ['SOL_USDC-PERPETUAL', 'buy', '10', '1990'],
  ])(
    '%s by the price from which the session counts',
    (instrument_name, direction, profit, price) => {
      const row = { instrument_name, direction, size: 1, mark_price: 2000 };
      const contract = contractOf(instrument_name);
      const markets = {
        pairs: new Map(),
        contracts: new Map(contract === null ? [] : [[instrument_name, contract]]),
      };
      const [held] = connector.positions.flatMap((list) =>
        list.read({ ...row, floating_profit_loss: profit }, markets),
      );
      expect(formatDecimal(held?.entryPrice ?? parseDecimal('0'))).toMatch(
        RegExp(`^${price}(.0*)?$`),
      );
    },
  );
});

describe('refuses', () => {
  test.each([
    ['an option', { ...bought, instrument_name: 'BTC-19FEB21-49200-C' }, 'VENUE_UNEXPECTED_SHAPE'],
    ['a type that nobody knows', { ...bought, type: 'gift' }, 'VENUE_UNEXPECTED_SHAPE'],
    ['a side that is none', { ...bought, side: '-' }, 'VENUE_UNEXPECTED_SHAPE'],
    ['a settlement of more than is known to be held', settled, 'VENUE_INCOMPLETE'],
  ])('%s', async (_name, row, code) => {
    const failed = Promise.resolve([row]).then((rows) => told(...rows));
    await expect(failed.catch(codeOf)).resolves.toBe(code);
  });
});
