// Fills in columns, their runs and the sums of these, told in words: `A 5, A -2 fee; B 0.5` are two
// fills, `x@00:59:59.999 A 1` one with an id of its own at a time of the day.

import { describe, expect, test } from '@jest/globals';
import { ledgerFromText } from '../../../testkit/src/ledger-text.ts';
import { formatDecimal, parseDecimal } from '../decimal.ts';
import type { Entry, LedgerDocument, Posting, Run } from '../entry.ts';
import { parseLedgerDocument } from '../ledger-document.ts';
import { TRANSIT_MS } from '../transfers.ts';
import { FillColumns } from './fill-columns.ts';
import { FillRuns } from './fill-runs.ts';
import { hasRepeats } from './repeated-ids.ts';
import { RunSums } from './run-sums.ts';

const DAY = '2026-01-05T';

/** Without a name and a time, row 0 is `r0` at midnight, a second after that comes `r1`. */
function columnsFromText(text: string): FillColumns {
  const columns = new FillColumns();
  for (const [row, words] of text.split('; ').entries()) {
    const [, id = `r${row}`, time, rest = ''] = /^(?:(\S+)@(\S+) )?(.*)$/.exec(words) ?? [];
    columns.begin();
    for (const posting of rest.split(', ')) {
      const [asset = '', amount = '', role] = posting.split(' ');
      const { mantissa, scale } = parseDecimal(amount);
      const known = columns.assets.indexOf(asset);
      const number = known < 0 ? columns.assets.push(asset) - 1 : known;
      columns.post(number, Number(mantissa), scale, role === 'fee');
    }
    const at = time === undefined ? row * 1_000 : Date.parse(`${DAY}${time}Z`);
    columns.close(at, columns.ids.write(id, columns.idEnd, 'latin1'));
  }
  return columns;
}

function documentOf(text: string, until = '02:00'): LedgerDocument {
  return parseLedgerDocument(ledgerFromText(`USD 00:00 to ${until}\n${text}`));
}

/** `a+b c`: a run of two fills, and an entry alone. */
function orderOf(fills: string, text: string, transitAt?: string): string {
  const columns = columnsFromText(fills.replaceAll(/([^\s;]+@[^\s;]+)/g, '$1 A 1'));
  const amount = parseDecimal('1');
  const at = Date.parse(`${transitAt}Z`);
  const transit = transitAt === undefined ? [] : [{ id: 'left', at, asset: 'USD', amount }];
  const empty = { balances: new Map(), positions: new Map(), prices: new Map(), marks: new Map() };
  const opening = { ...empty, asOf: 0, transit };
  const ordered = new FillRuns(columns, []).order(documentOf(text), opening);
  const told = (entry: Entry & Partial<Run>): string =>
    (entry.parts?.entries ?? [entry]).map(({ id }) => id).join('+');
  return ordered.map(told).join(' ');
}

function words(postings: readonly Posting[] | undefined): string | undefined {
  return postings
    ?.map(({ asset, amount, role }) => `${asset} ${formatDecimal(amount)}${role ?? ''}`)
    .join(', ');
}

function runsOf(text: string, ...spans: readonly (readonly [number, number])[]): (Run | null)[] {
  const sums = new RunSums(columnsFromText(text));
  return spans.map(([from, to]) => sums.run(from, to));
}

describe('accepts', () => {
  test.each([
    ['a sum per asset, as they come', 'B 1; A 2; B 3', 'B 4, A 2'],
    ['fees apart from what was traded', 'A 5, A -2 fee; A -1 fee', 'A 5, A -3fee'],
    ['only fees', 'A -2 fee', 'A -2fee'],
    ['what comes to nothing', 'A 2; A -2', 'A 0'],
    ['the finest scale that was written', 'A 1; A 0.5; A 0.25', 'A 1.75'],
    ['scales that are fifteen digits apart', 'A 1; A 0.000000000000001', 'A 1.000000000000001'],
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

describe('accepts, the order of fills and other entries', () => {
  test.each([
    ['the hours', 'a@00:00:00; b@00:59:59.999; c@01:00:00; d@01:00:01', '', 'a+b c+d'],
    ['the end of the window', 'a@01:59:59; b@02:00:00; c@02:00:01', '', 'a b+c'],
    ['a price', 'a@00:29:59; b@00:30:00; c@00:30:01', 'price A: 00:30 1, 00:31 1', 'a b+c'],
    ['each price', 'a@00:01:00; b@00:02:00; c@00:03:00', 'price A: 00:02 1, 00:03 1', 'a b c'],
    [
      'prices of one instant',
      'a@00:01:00; b@00:02:00; c@00:03:00',
      'price A: 00:02 1\nprice B: 00:02 1\nprice C: 00:03 1',
      'a b c',
    ],
    [
      'a mark',
      'a@00:29:59; b@00:30:00; c@00:30:01',
      'P is linear A USD USD size 1\nmark P: 00:30 1',
      'a b+c',
    ],
    ['an anchor', 'a@00:29:59; b@00:30:00; c@00:30:01', 'anchor 00:30: USD 1', 'a b+c'],
    [
      'another entry, with those of its instant alone',
      'a@00:29:58; b@00:29:59; c@00:30:00; d@00:30:00; e@00:30:00.001; f@00:30:01',
      '00:30 d2 fee: USD -1',
      'a+b c d d2 e+f',
    ],
  ])('runs end at %s', (_name, fills, text, told) => {
    expect(orderOf(fills, text)).toBe(told);
  });

  test('runs end where what is in transit is lost, and behind it', () => {
    const fills = 'a@00:29:59; b@00:29:59.999; c@00:30:00; d@00:30:00.001; e@00:30:01';
    expect(orderOf(fills, '', '2026-01-04T00:30:00')).toBe('a+b c d+e');
    expect(orderOf(fills, '', '2026-01-04T00:31:00')).toBe('a+b+c+d+e');
  });

  test('and so they do for what leaves in the window', () => {
    const columns = columnsFromText('A 1; A 1; A 1; A 1; A 1');
    const lost = Date.parse(`${DAY}00:30:00Z`) + TRANSIT_MS;
    columns.at.set([lost - 2, lost - 1, lost, lost + 1, lost + 2]);
    const document = documentOf('00:30 x transfer: USD -1', '25:00');
    const [, ...runs] = new FillRuns(columns, []).order(document, null);
    expect(runs.map(({ id }) => id)).toEqual(['r0', 'r2', 'r3']);
  });

  test.each([
    ['by instant', 'b@00:00:05; a@00:00:03; c@00:00:06', 'a b c'],
    ['by id', 'a@00:00:01; c@00:00:02; b@00:00:02', 'a b c'],
  ])('fills that are not in order %s, one by one', (_name, fills, told) => {
    expect(orderOf(fills, '')).toBe(told);
  });

  test('in order by id within an instant only', () => {
    expect(orderOf('z@00:00:01; a@00:00:02; b@00:00:02; c@00:00:02', '')).toBe('z+a+b+c');
  });

  test('repeated fills once, one by one', () => {
    expect(orderOf('a@00:00:01; b@00:00:02; b@00:00:02', '')).toBe('a b');
  });
});

describe('refuses, what is outside the window or twice', () => {
  test.each([
    ['the first', 'a@-1; b@1', 'document.entries[1]'],
    ['a later one', 'a@1; b@-1', 'document.entries[2]'],
  ])('%s of the fills, counting every entry', (_name, fills, place) => {
    const columns = columnsFromText('A 1; A 1');
    const start = Date.parse(`${DAY}00:00:00Z`);
    for (const [row, fill] of fills.split('; ').entries()) {
      columns.at[row] = start + Number(fill.split('@')[1]);
    }
    const refused = expect.objectContaining({ code: 'LEDGER_ENTRY_OUTSIDE_WINDOW', place });
    const document = documentOf('00:10 x fee: USD -1');
    expect(() => new FillRuns(columns, [0]).check(document)).toThrow(refused);
    columns.at.fill(start);
    new FillRuns(columns, [0]).check(document);
  });

  test.each([
    ['none', 'a b c', 'd', false],
    ['the first fill', 'a b a', '', true],
    ['neighbours', 'b a a', '', true],
    ['a fill and another entry', 'a b c', 'd a', true],
    ['two other entries', 'a', 'c b c', true],
    ['the beginning of another', 'a aa aaa', 'aaaa', false],
  ])('ids: %s', (_name, fills, others, isTwice) => {
    const columns = columnsFromText(
      fills
        .split(' ')
        .map((id) => `${id}@00:00:00 A 1`)
        .join('; '),
    );
    expect(hasRepeats(columns, others.split(' ').filter(Boolean))).toBe(isTwice);
  });

  test('ids that fill the columns to the last row', () => {
    const ids = Array.from({ length: 1 << 10 }, (_, index) => `id-${index}`);
    const columns = columnsFromText(ids.map((id) => `${id}@00:00:00 A 1`).join('; '));
    expect(columns.count).toBe(columns.at.length);
    expect(hasRepeats(columns, [])).toBe(false);
  });

  test('ids among thousands', () => {
    const ids = Array.from({ length: 3_000 }, (_, index) => `id-${index}`);
    const columns = columnsFromText(ids.map((id) => `${id}@00:00:00 A 1`).join('; '));
    expect(hasRepeats(columns, ['other'])).toBe(false);
    expect(
      ids.filter((_, index) => index % 500 === 0).map((id) => hasRepeats(columns, [id])),
    ).toEqual(Array(6).fill(true));
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
