// The pagers against a feed that cuts its pages as venues do: at a limit, in any order, with rows
// repeated.

import { describe, expect, test } from '@jest/globals';
import { RecordError } from '@track-record/errors';
import type { Window } from '@track-record/ledger';
import fc from 'fast-check';
import { idsBelow, readPages, type Page, type Paging, type Parameters } from './pagers.ts';
import { parseInstant, valueAt, type Row } from './rows.ts';

const FROM = 1_700_000_000_000;
const CAP: Paging = { spanMs: 1000, rows: 5, parametersOf: ({ from, to }) => ({ from, to }) };

type Order = 'oldest' | 'newest';

function rowsAt(offsets: readonly number[]): readonly Row[] {
  const sorted = offsets.toSorted((left, right) => left - right);
  return sorted.map((offset, index) => ({ id: index + 1, time: FROM + offset }));
}

function feedOf(rows: readonly Row[], order: Order, asked: Window[] = []) {
  return ({ from, to }: Parameters): Promise<Page> => {
    const part = { from: Number(from), to: Number(to) };
    asked.push(part);
    const inside = rows.filter((row) => {
      const at = parseInstant(row, 'time');
      return at >= part.from && at < part.to;
    });
    return pageOf((order === 'oldest' ? inside : inside.toReversed()).slice(0, CAP.rows));
  };
}

function pageOf(rows: readonly Row[], answer: unknown = {}): Promise<Page> {
  return Promise.resolve({ rows, answer });
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
    expect(await readPages(window, CAP, feedOf([], 'oldest', asked))).toEqual([]);
    expect(asked.every(({ from, to }) => to - from <= CAP.spanMs)).toBe(true);
    expect(new Set(asked.map(({ to }) => to))).toEqual(
      new Set([FROM + 500, FROM + 1500, FROM + 2500]),
    );
  });

  test('ids across pages, from the newest down to a short page', async () => {
    const rows = rowsAt(Array.from({ length: 13 }, (_, index) => index * 10)).toReversed();
    const asked: unknown[] = [];
    const walk: Paging = {
      spanMs: Infinity,
      rows: 5,
      parametersOf: (_part, token) => (token === null ? {} : { after: token }),
      next: idsBelow('id', 5),
    };
    const found = await readPages({ from: FROM, to: FROM + 100 }, walk, ({ after }) => {
      asked.push(after);
      return pageOf(rows.filter(({ id }) => Number(id) < Number(after ?? 99)).slice(0, 5));
    });
    expect(idsOf(found)).toEqual(idsOf(rows));
    expect(asked).toEqual([undefined, '9', '4']);
  });

  test('pages that name the next one, however short they are', async () => {
    const pages = [rowsAt([1, 2]), [], rowsAt([7])];
    const walk: Paging = {
      spanMs: Infinity,
      rows: 5,
      parametersOf: (_part, token) => ({ cursor: token ?? '0' }),
      next: ({ answer }) => String(valueAt(answer, 'result.next')) || null,
    };
    const found = await readPages({ from: FROM, to: FROM + 100 }, walk, ({ cursor }) => {
      const index = Number(cursor);
      const next = index + 1 < pages.length ? String(index + 1) : '';
      return pageOf(pages[index] ?? [], { result: { next } });
    });
    expect(found).toHaveLength(3);
  });
});

describe('refuses', () => {
  test('more rows in one millisecond than a page holds: VENUE_INCOMPLETE', async () => {
    const rows = rowsAt([7, 7, 7, 7, 7, 7]);
    const paged = readPages({ from: FROM, to: FROM + 100 }, CAP, feedOf(rows, 'oldest'));
    expect(await codeOf(paged)).toBe('VENUE_INCOMPLETE');
  });

  test('a venue that serves the same page for ever: VENUE_INCOMPLETE', async () => {
    const page = rowsAt([1, 2, 3, 4, 5]);
    const walk: Paging = { ...CAP, next: idsBelow('id', 5) };
    const paged = readPages({ from: FROM, to: FROM + 100 }, walk, () => pageOf(page));
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
        expect(idsOf(await readPages(window, CAP, feedOf(rows, order)))).toEqual(idsOf(wanted));
      }),
    );
  });
});
