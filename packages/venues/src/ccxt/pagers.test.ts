// The pagers against a feed that cuts its pages as venues do: at a limit, in any order, with rows
// repeated.

import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import type { Window } from '@track-record/ledger';
import fc from 'fast-check';
import { pageById, pageByTime, type PageCap } from './pagers.ts';
import { parseInstant, type Row } from './rows.ts';

const FROM = 1_700_000_000_000;
const CAP: PageCap = { spanMs: 1000, rows: 5 };

type Order = 'oldest' | 'newest';

function rowsAt(offsets: readonly number[]): readonly Row[] {
  const sorted = offsets.toSorted((left, right) => left - right);
  return sorted.map((offset, index) => ({ id: index + 1, time: FROM + offset }));
}

function feedOf(rows: readonly Row[], order: Order, asked: Window[] = []) {
  return (part: Window): Promise<readonly Row[]> => {
    asked.push(part);
    const inside = rows.filter((row) => {
      const at = parseInstant(row, 'time');
      return at >= part.from && at < part.to;
    });
    return Promise.resolve((order === 'oldest' ? inside : inside.toReversed()).slice(0, CAP.rows));
  };
}

function idsOf(rows: readonly Row[]): readonly unknown[] {
  return rows.map((row) => row['id']).toSorted((left, right) => Number(left) - Number(right));
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  return await attempt.then(
    () => 'accepted',
    (error: unknown) => (error instanceof RecordError ? error.code : String(error)),
  );
}

describe('accepts', () => {
  test('an empty feed, in windows no longer than the cap', async () => {
    const asked: Window[] = [];
    const window = { from: FROM, to: FROM + 2500 };
    expect(await pageByTime(window, CAP, feedOf([], 'oldest', asked))).toEqual([]);
    expect(asked.every(({ from, to }) => to - from <= CAP.spanMs)).toBe(true);
    expect(new Set(asked.map(({ to }) => to))).toEqual(
      new Set([FROM + 500, FROM + 1500, FROM + 2500]),
    );
  });

  test('ids across pages, stopping once a page reaches past what is wanted', async () => {
    const rows = rowsAt(Array.from({ length: 23 }, (_, index) => index * 10));
    const asked: bigint[] = [];
    const found = await pageById(
      3n,
      5,
      (fromId) => {
        asked.push(fromId);
        return Promise.resolve(rows.filter((row) => Number(row['id']) >= fromId).slice(0, 5));
      },
      (row) => parseInstant(row, 'time') >= FROM + 100,
    );
    expect(idsOf(found)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(asked).toEqual([3n, 8n]);
  });
});

describe('refuses', () => {
  test('more rows in one millisecond than a page holds: VENUE_INCOMPLETE', async () => {
    const rows = rowsAt([7, 7, 7, 7, 7, 7]);
    const paged = pageByTime({ from: FROM, to: FROM + 100 }, CAP, feedOf(rows, 'oldest'));
    expect(await codeOf(paged)).toBe('VENUE_INCOMPLETE');
  });

  test('a venue that serves the same page for ever: VENUE_INCOMPLETE', async () => {
    const page = rowsAt([1, 2, 3, 4, 5]);
    const never = (): boolean => false;
    const paged = pageById(1n, 5, () => Promise.resolve(page), never);
    expect(await codeOf(paged)).toBe('VENUE_INCOMPLETE');
  });
});

describe('holds', () => {
  test('whatever the spread and order, every row inside the window is found', async () => {
    const offsets = fc.array(fc.integer({ min: 0, max: 3999 }), { maxLength: 60 });
    const window = { from: FROM + 500, to: FROM + 3500 };
    await fc.assert(
      fc.asyncProperty(offsets, fc.constantFrom<Order>('oldest', 'newest'), async (at, order) => {
        const crowded = [...Map.groupBy(at, (each) => each).values()].some(
          ({ length }) => length >= CAP.rows,
        );
        fc.pre(!crowded);
        const rows = rowsAt(at);
        const wanted = rows.filter((row) => {
          const time = parseInstant(row, 'time');
          return time >= window.from && time < window.to;
        });
        expect(idsOf(await pageByTime(window, CAP, feedOf(rows, order)))).toEqual(idsOf(wanted));
      }),
    );
  });
});
