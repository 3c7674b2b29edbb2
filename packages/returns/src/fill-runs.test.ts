import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatCheckpoint, parseCheckpoint, type Checkpoint } from '@track-record/ledger';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { DocumentReader, type ReadLedger } from '@track-record/ledger/stream';
import { computeHours, formatHoursReport, type HoursReport } from './index.ts';

const START = Date.parse('2026-01-05T00:00:00Z');
const HOUR_MS = 3_600_000;
const HOURS = 3;

function instant(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

function read(text: string): ReadLedger {
  const reader = new DocumentReader();
  reader.write(Buffer.from(text));
  return reader.end();
}

function told(compute: () => HoursReport): unknown {
  try {
    const report = compute();
    const closing = formatCheckpoint(report.closing);
    const opening = formatCheckpoint(report.opening);
    return { hours: formatHoursReport(report, { balances: true }), opening, closing };
  } catch (error) {
    const { code, place } = Object(error);
    if (code === undefined) throw error;
    return { code, place };
  }
}

/** The fills in columns, replayed as runs, and the same text held as objects. */
function expectSame(json: object, opening?: Checkpoint): unknown {
  const text = JSON.stringify(json);
  const options = opening === undefined ? {} : { opening };
  const whole = told(() => computeHours(parseLedgerDocument(JSON.parse(text)), options));
  const columns = told(() => {
    const { document, fills } = read(text);
    return computeHours(document, { ...options, fills });
  });
  expect(columns).toEqual(whole);
  return columns;
}

const posting = (asset: string, amount: string, role?: string): object =>
  role === undefined ? { asset, amount } : { asset, amount, role };

function documentOf(parts: object): object {
  const prices = Array.from({ length: 2 * HOURS + 1 }, (_, half) => {
    const at = instant(START + (half * HOUR_MS) / 2);
    return [
      { asset: 'BTC', currency: 'USD', at, price: `${40_000 + half * 7}.25` },
      { asset: 'BNB', currency: 'USD', at, price: '600' },
    ];
  }).flat();
  return {
    format: 'track-record-ledger/1',
    account: { id: 'a', venue: 'v', reportingCurrency: 'USD' },
    window: { from: instant(START), to: instant(START + HOURS * HOUR_MS) },
    anchors: [{ asOf: instant(START), balances: { BTC: '1', USD: '1000', BNB: '0.01' } }],
    entries: [],
    prices,
    ...parts,
  };
}

function fill(id: string, minute: number, ...postings: object[]): object {
  return { id, at: instant(START + minute * 60_000), kind: 'fill', postings };
}

describe('accepts', () => {
  test('fills of one hour as one entry of their sums', () => {
    const entries = [
      // The day is learnt from the first one, which is held as an object.
      fill('0', 0, posting('USD', '0')),
      fill(
        '1',
        1,
        posting('BTC', '-0.5'),
        posting('USD', '20000.125'),
        posting('BNB', '-0.001', 'fee'),
      ),
      fill(
        '2',
        2,
        posting('BTC', '0.25000'),
        posting('USD', '-10000'),
        posting('USD', '0.5', 'fee'),
      ),
      fill('3', 2, posting('BTC', '0.00000001'), posting('BNB', '-0.002', 'fee')),
    ];
    const { document, fills } = read(JSON.stringify(documentOf({ entries })));
    const [, run, ...others] = fills.order(document, null);
    expect(others).toEqual([]);
    expect(run?.postings).toEqual([
      { asset: 'BTC', amount: { mantissa: -24999999n, scale: 8 } },
      { asset: 'USD', amount: { mantissa: 10000125n, scale: 3 } },
      { asset: 'USD', amount: { mantissa: 500n, scale: 3 }, role: 'fee' },
      { asset: 'BNB', amount: { mantissa: -3n, scale: 3 }, role: 'fee' },
    ]);
    expectSame(documentOf({ entries }));
  });

  test('sums that no double holds, one by one', () => {
    const entries = Array.from({ length: 40 }, (_, index) =>
      fill(
        `${index + 10}`,
        index,
        posting('X', '999999999999999'),
        posting('X', '0.000000000000001'),
      ),
    );
    const prices = [0, 1, 2, 3].map((hour) => ({
      asset: 'X',
      currency: 'USD',
      at: instant(START + hour * HOUR_MS),
      price: '0.1',
    }));
    expectSame(documentOf({ entries, prices, anchors: [{ asOf: instant(START), balances: {} }] }));
  });
});

describe('refuses', () => {
  const first = fill('1', 1, posting('USD', '1'));
  const other = {
    id: '2',
    at: instant(START + 60_000),
    kind: 'fee',
    postings: [posting('USD', '-1')],
  };
  test.each([
    ['a repeat with other content', [first, other, fill('1', 2, posting('USD', '1'))]],
    ['a repeat as another kind', [first, { ...other, id: '1' }]],
    ['a fill before the window', [other, fill('3', -1, posting('USD', '1'))]],
    ['another entry before the window', [first, { ...other, at: instant(START - 1) }]],
  ])('%s', (_name, entries) => {
    expect(expectSame(documentOf({ entries }))).toHaveProperty('code');
  });
});

describe('holds', () => {
  test('below zero between two fills quarantines, within a millisecond not', () => {
    const spend = (minute: number): object[] => [
      // The day is learnt from the first one, which is held as an object.
      fill('0', 0, posting('USD', '0')),
      fill('1', 10, posting('USD', '-5000')),
      fill('2', minute, posting('USD', '5000')),
    ];
    expect(JSON.stringify(expectSame(documentOf({ entries: spend(11) })))).toContain('quarantined');
    expect(JSON.stringify(expectSame(documentOf({ entries: spend(10) })))).not.toContain(
      'quarantined',
    );
  });

  test('what may be owed may be below zero between two fills, and what is spent to nothing', () => {
    const fills = (asset: string, amount: string): object => ({
      entries: [
        fill('0', 0, posting('USD', '0')),
        fill('1', 10, posting(asset, `-${amount}`)),
        fill('2', 11, posting(asset, amount)),
      ],
    });
    const debt = { asOf: instant(START + HOUR_MS), balances: { BTC: '-1', USD: '1000', BNB: '9' } };
    const told = (parts: object): string => JSON.stringify(expectSame(documentOf(parts)));
    expect(told(fills('USD', '1000'))).not.toContain('quarantined');
    expect(told(fills('USD', '1000.01'))).toContain('quarantined');
    expect(told({ ...fills('BTC', '2'), anchors: [debt] })).toContain('"BTC":"-1"');
    expect(told({ ...fills('BTC', '2'), anchors: [debt] })).not.toContain('balance_below_zero');
  });

  test('any mix of fills and other entries, in any order, as held whole', () => {
    const asset = fc.constantFrom('BTC', 'USD', 'BNB');
    const amount = fc.oneof(
      fc.stringMatching(/^-?(0|[1-9])\.[0-9]{1,8}$/),
      fc.stringMatching(/^-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,18})?$/),
      fc.constantFrom('0', '-0', '1', '-1', '0.5', '-0.5'),
    );
    const part = fc.record(
      { asset, amount, role: fc.constant('fee') },
      { requiredKeys: ['asset', 'amount'] },
    );
    const postings = fc.array(part, { minLength: 1, maxLength: 4 });
    const at = fc.nat(HOURS * 60 + 30).map((minute) => START + minute * 60_000);
    const kind = fc.constantFrom(
      ...Array<string>(12).fill('fill'),
      'flow',
      'transfer',
      'fee',
      'conversion',
      'interest',
    );
    const moved = fc.record({ at, kind, postings, id: fc.nat(60) });
    const opening = fc.record({ open: fc.boolean(), transit: fc.nat(40) });
    const anchorAt = fc.nat(HOURS * 60 + 30).map((minute) => START + minute * 60_000);
    const parts = fc.record({
      list: fc.array(moved, { maxLength: 40 }),
      sorted: fc.boolean(),
      anchorAt,
      opening,
    });
    const property = fc.property(
      parts,
      ({ list, sorted, anchorAt: asOf, opening: { open, transit } }) => {
        // By their place ids are new and in order; by chance some are met twice.
        const named = list.map((entry, index) => ({
          ...entry,
          id: `t${100 + (sorted ? index : entry.id)}`,
        }));
        const ordered = sorted ? named.toSorted((left, right) => left.at - right.at) : named;
        const anchors = [START, asOf].map((seen) => ({
          asOf: instant(seen),
          balances: { BTC: '1', USD: '1000', BNB: '5' },
        }));
        const json = documentOf({
          anchors,
          entries: ordered.map((entry) => ({ ...entry, at: instant(entry.at) })),
        });
        const left = {
          id: 'left',
          at: instant(START - 86_400_000 + transit * 60_000),
          asset: 'USD',
          amount: '7',
        };
        const checkpoint = parseCheckpoint({
          format: 'track-record-checkpoint/1',
          asOf: instant(START),
          balances: { BTC: '1', USD: '1000', BNB: '5' },
          positions: {},
          transit: [left],
          prices: {},
          marks: {},
        });
        expectSame(json, open ? checkpoint : undefined);
      },
    );
    fc.assert(property, { numRuns: 400 });
  });
});
