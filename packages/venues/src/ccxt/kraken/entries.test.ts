// A margin trade is told twice: its position by the trades, its profit and fee by the ledger. Both
// count at the instant of the trade, or the account is incomplete.

import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { formatDecimal } from '@track-record/ledger';
import type { Job } from '../feed.ts';
import { perpetualOf, type Markets } from '../markets.ts';
import { isEntry, type Reading } from '../readings.ts';
import type { Row } from '../rows.ts';
import { joinMargin, readEntry, readMarginTrade, readPosition } from './entries.ts';

const contract = perpetualOf('XXBTZUSD', 'BTC', 'USD');
const markets: Markets = { pairs: new Map(), contracts: new Map([[contract.id, contract]]) };
const closing: Row = {
  id: 'TCLOSE-AAAAA-BBBBBB',
  pair: 'XXBTZUSD',
  time: '1688667796.8802',
  type: 'sell',
  price: '30010.0',
  vol: '0.5',
};
const booked: Row = {
  id: 'LPROFI-AAAAA-BBBBBB',
  refid: 'TCLOSE-AAAAA-BBBBBB',
  // A moment later, and in the next second.
  time: '1688667797.0021',
  type: 'margin',
  aclass: 'currency',
  asset: 'ZUSD',
  amount: '12.5000',
  fee: '0.7500',
  balance: '111.7500',
};

function jobOf(readings: Reading[]): Job {
  return {
    client: {
      call: () => Promise.reject(new Error('Nothing is asked here.')),
      requestCount: () => 0,
      setServerTime: () => undefined,
      isOurs: () => true,
      close: () => Promise.resolve(),
    },
    markets,
    contracts: new Map(markets.contracts),
    window: { from: 0, to: 1 },
    isFirst: true,
    cursor: { version: 1, pending: {}, settled: {} },
    holdings: () => Promise.resolve({ balances: new Map(), positions: [] }),
    readings,
    rows: new Map(),
  };
}

describe('accepts', () => {
  test('profit and position are one entry, at the instant of the trade', () => {
    const job = jobOf([...readEntry(booked), ...readMarginTrade(closing, markets)]);
    joinMargin(job);
    const told = job.readings.filter(isEntry).map(({ id, at, kind, postings, position }) => {
      const amounts = postings.map(({ asset, amount }) => `${asset} ${formatDecimal(amount)}`);
      const held = position === undefined ? [] : [position.instrument, position.contracts];
      return [id, at, kind, ...amounts, ...held];
    });
    expect(told).toEqual([
      ['realised.TCLOSE-AAAAA-BBBBBB.fee', 1_688_667_797_002, 'fee', 'USD -0.7500'],
      [
        'realised.TCLOSE-AAAAA-BBBBBB',
        1_688_667_796_880,
        'realised',
        'USD 12.5000',
        'BTC/USD:USD',
        { mantissa: -5n, scale: 1 },
      ],
    ]);
  });

  test('a trade that opens has a fee and no profit', () => {
    const opening = readMarginTrade({ ...closing, type: 'buy' }, markets);
    const job = jobOf([...readEntry({ ...booked, amount: '0.0000' }), ...opening]);
    joinMargin(job);
    expect(job.readings.filter(isEntry).map(({ kind }) => kind)).toEqual(['fee', 'fill']);
  });

  test('what is closed of a short position is not held', () => {
    const row = { vol: '2.0', vol_closed: '0.5', cost: '60000', type: 'sell' };
    const { contracts, entryPrice } = readPosition(row, contract);
    expect([formatDecimal(contracts), formatDecimal(entryPrice)]).toEqual([
      '-1.5',
      '30000.000000000000000000',
    ]);
  });
});

describe('refuses', () => {
  test('a profit whose trade is not told', () => {
    const job = jobOf([...readEntry(booked)]);
    const code = (() => {
      try {
        joinMargin(job);
        return 'accepted';
      } catch (error) {
        return codeOf(error);
      }
    })();
    expect(code).toBe('VENUE_INCOMPLETE');
  });
});
