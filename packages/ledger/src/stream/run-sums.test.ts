// Runs of fills as sums, told as fills in words: `A 5, A -2 fee; B 0.5` are two rows.

import { describe, expect, test } from '@jest/globals';
import { formatDecimal, parseDecimal } from '../decimal.ts';
import type { Posting, Run } from '../entry.ts';
import { FillColumns } from './fill-columns.ts';
import { RunSums } from './run-sums.ts';

/** Row 0 is `r0`, a second after that comes row 1, and so on. */
function columnsOf(text: string): FillColumns {
  const columns = new FillColumns();
  for (const [row, postings] of text.split('; ').entries()) {
    columns.begin();
    for (const posting of postings.split(', ')) {
      const [asset = '', amount = '', role] = posting.split(' ');
      const { mantissa, scale } = parseDecimal(amount);
      const known = columns.assets.indexOf(asset);
      const number = known < 0 ? columns.assets.push(asset) - 1 : known;
      columns.post(number, Number(mantissa), scale, role === 'fee');
    }
    const id = `r${row}`;
    columns.close(row * 1_000, columns.ids.write(id, columns.idEnd, 'latin1'));
  }
  return columns;
}

function words(postings: readonly Posting[] | undefined): string | undefined {
  return postings
    ?.map(({ asset, amount, role }) => `${asset} ${formatDecimal(amount)}${role ?? ''}`)
    .join(', ');
}

function runsOf(text: string, ...spans: readonly (readonly [number, number])[]): (Run | null)[] {
  const sums = new RunSums(columnsOf(text));
  return spans.map(([from, to]) => sums.run(from, to));
}

describe('accepts', () => {
  test.each([
    ['a sum per asset, as they come', 'B 1; A 2; B 3', 'B 4, A 2'],
    ['fees apart from what was traded', 'A 5, A -2 fee; A -1 fee', 'A 5, A -3fee'],
    ['only fees', 'A -2 fee', 'A -2fee'],
    ['what comes to nothing', 'A 2; A -2', 'A 0'],
    ['the finest scale that was written', 'A 1; A 0.5; A 0.25', 'A 1.75'],
    ['scales that are one digit apart', 'A 1; A 0.5', 'A 1.5'],
  ])('%s', (_name, text, told) => {
    const [run] = runsOf(text, [0, text.split('; ').length]);
    expect(words(run?.postings)).toBe(told);
  });

  test.each([
    ['what only grew', 'A 5; A 2', ''],
    ['what ends at its lowest', 'A -5; A 1; A -2', ''],
    ['what was lower than at its end', 'A -5; A 2', 'A -5'],
    ['what was below zero and is above', 'A -1; A 9', 'A -1'],
    ['what fell and stayed above zero', 'A 5; A -2; A 1', ''],
    ['a fee counts', 'A -5 fee; A 6', 'A -5'],
    ['each asset', 'A -1; B -2; A 1; B 3', 'A -1, B -2'],
  ])('the lowest on the way: %s', (_name, text, told) => {
    const [run] = runsOf(text, [0, text.split('; ').length]);
    expect(words(run?.parts?.lows)).toBe(told);
  });

  test('several runs, each with its own rows and nothing of the next', () => {
    const text = 'A -1; A 2; B -3; B 4; C 5';
    const [first, second, third] = runsOf(text, [0, 2], [2, 4], [4, 5]);
    expect([first, second, third].map((run) => words(run?.postings))).toEqual([
      'A 1',
      'B 1',
      'C 5',
    ]);
    expect([first, second, third].map((run) => words(run?.parts?.lows))).toEqual([
      'A -1',
      'B -3',
      '',
    ]);
    expect([second?.id, second?.at]).toEqual(['r2', 2_000]);
    expect(second?.parts?.entries.map(({ id, at }) => `${id} ${at}`)).toEqual([
      'r2 2000',
      'r3 3000',
    ]);
    // Asked again, after another run was.
    expect(words(first?.postings)).toBe('A 1');
  });

  test('more runs than one block of sums holds', () => {
    const rows = Array.from({ length: 2_100 }, (_, row) => `A ${row}`);
    const runs = runsOf(rows.join('; '), ...rows.map((_, row) => [row, row + 1] as const));
    expect(runs.map((run) => words(run?.postings))).toEqual(rows);
  });
});

describe('refuses', () => {
  const nines = Array<string>(4).fill('A 999999999999999').join('; ');
  test.each([
    ['one below half of what a double holds', 'A 503599627370499', false],
    ['half of it', 'A 503599627370500', true],
    ['half of it in fees', 'A 503599627370500 fee', true],
    ['half of it on the way', 'A 503599627370500; A -1', true],
  ])('a sum that may be rounded: %s', (_name, last, isRefused) => {
    const text = `${nines}; ${last}`;
    const [run] = runsOf(text, [0, text.split('; ').length]);
    expect(run === null).toBe(isRefused);
  });

  test('so low a sum', () => {
    const text = `${nines}; A 503599627370500`.replaceAll('A ', 'A -');
    expect(runsOf(text, [0, 5])).toEqual([null]);
  });
});
