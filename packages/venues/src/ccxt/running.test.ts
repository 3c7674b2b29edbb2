// Running balances against ledgers that were made up, whole and torn.

import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@track-record/errors';
import { parseDecimal } from '@track-record/ledger';
import fc from 'fast-check';
import { checkRunning, type Running } from './running.ts';

const START = 1_700_000_000_000;

/** `[offset, change]` in the order in which they happened, from a balance of 100. */
function ledgerOf(changes: readonly (readonly [offset: number, change: number])[]): Running[] {
  let balance = 100;
  return changes.map(([offset, change], index) => {
    balance += change;
    return {
      id: String(index),
      at: START + offset,
      asset: 'USDT',
      change: parseDecimal(String(change)),
      after: parseDecimal(`${balance}.00`),
    };
  });
}

function outcome(rows: readonly Running[]): string {
  try {
    checkRunning(rows);
    return 'accepted';
  } catch (error) {
    return codeOf(error);
  }
}

describe('accepts', () => {
  test.each<[string, readonly (readonly [number, number])[]]>([
    ['nothing', []],
    ['one row', [[0, 5]]],
    [
      'rows of one instant that come back to where they began',
      [
        [0, 5],
        [0, -5],
        [1, 3],
      ],
    ],
    [
      'a row that changes nothing',
      [
        [0, 5],
        [0, 0],
        [1, 0],
        [2, 1],
      ],
    ],
  ])('%s', (_name, changes) => {
    expect(outcome(ledgerOf(changes))).toBe('accepted');
  });
});

describe('refuses', () => {
  test('a row that is missing between two: VENUE_INCOMPLETE', () => {
    const rows = ledgerOf([
      [0, 5],
      [1, 7],
      [2, 9],
    ]);
    expect(outcome(rows.toSpliced(1, 1))).toBe('VENUE_INCOMPLETE');
  });

  test('a row that was told another balance: VENUE_INCOMPLETE', () => {
    const [first, second] = ledgerOf([
      [0, 5],
      [1, 7],
    ]);
    expect(outcome([first, second].flatMap((row) => row ?? []))).toBe('accepted');
    const wrong = ledgerOf([
      [0, 6],
      [1, 7],
    ]);
    expect(
      outcome([
        ...wrong.slice(0, 1),
        ...ledgerOf([
          [0, 5],
          [1, 7],
        ]).slice(1),
      ]),
    ).toBe('VENUE_INCOMPLETE');
  });
});

describe('holds', () => {
  const changes = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 1_000_000 })), {
    minLength: 3,
    maxLength: 30,
  });

  test('in whatever order the rows are told, a whole ledger is whole', () => {
    fc.assert(
      fc.property(changes, fc.infiniteStream(fc.nat()), (drawn, keys) => {
        const rows = ledgerOf(drawn.toSorted(([left], [right]) => left - right));
        const shuffled = rows
          .map((row) => ({ row, key: keys.next().value }))
          .toSorted((left, right) => left.key - right.key)
          .map(({ row }) => row);
        expect(outcome(shuffled)).toBe('accepted');
      }),
    );
  });

  test('without any one row but the first and the last it is not', () => {
    fc.assert(
      fc.property(changes, fc.nat(), (drawn, draw) => {
        const rows = ledgerOf(drawn.toSorted(([left], [right]) => left - right));
        const index = 1 + (draw % (rows.length - 2));
        expect(outcome(rows.toSpliced(index, 1))).toBe('VENUE_INCOMPLETE');
      }),
    );
  });
});
