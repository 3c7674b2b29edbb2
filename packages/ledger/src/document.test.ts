import { describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { anchorCodec, entryCodec, instrumentCodec, markCodec, priceCodec } from './index.ts';
import { formatLedgerDocument, parseLedgerDocument } from './ledger-document.ts';

/** The example of FORMATS.md, with every part in it. */
const EXAMPLE = {
  format: 'track-record-ledger/1',
  account: { id: 'a1', venue: 'binance', reportingCurrency: 'USD' },
  window: { from: '2026-01-05T00:00:00Z', to: '2026-01-05T06:00:00Z' },
  instruments: {
    ACME: {
      kind: 'equity',
      base: 'ACME',
      quote: 'USD',
      settle: 'USD',
      contractSize: '1',
      realised: 'posted',
    },
    'BTC/USD:BTC': {
      kind: 'inverse',
      base: 'BTC',
      quote: 'USD',
      settle: 'BTC',
      contractSize: '100',
      realised: 'derived',
    },
  },
  anchors: [
    {
      asOf: '2026-01-05T06:00:00Z',
      balances: { BTC: '0.50', USDT: '1000' },
      positions: [{ instrument: 'BTC/USD:BTC', contracts: '-100', entryPrice: '42000' }],
    },
  ],
  entries: [
    {
      id: 't1',
      at: '2026-01-05T00:59:59.999Z',
      kind: 'fill',
      postings: [
        { asset: 'BTC', amount: '-0.02' },
        { asset: 'BNB', amount: '-0.0020196', role: 'fee' },
      ],
    },
    {
      id: 'p1',
      at: '2026-01-05T01:10:00Z',
      kind: 'fill',
      postings: [{ asset: 'BTC', amount: '-0.0000119', role: 'fee' }],
      position: { instrument: 'BTC/USD:BTC', contracts: '-100', price: '42000' },
    },
    {
      id: 's1',
      at: '2026-01-05T02:00:00Z',
      kind: 'split',
      postings: [],
      split: { instrument: 'ACME', ratio: '4' },
    },
  ],
  prices: [{ asset: 'BTC', currency: 'USD', at: '2026-01-05T01:00:00Z', price: '42005.25' }],
  marks: [{ instrument: 'BTC/USD:BTC', at: '2026-01-05T01:00:00Z', price: '42010' }],
};

describe('accepts, from the beginning of time', () => {
  test('1970 and a transaction id', () => {
    const entry = {
      id: 'first',
      at: '1970-01-01T00:00:00Z',
      kind: 'transfer',
      postings: [{ asset: 'BTC', amount: '-1' }],
      txid: '7c2f',
    };
    expect(entryCodec.format(entryCodec.parse(entry, 'entry'))).toEqual(entry);
  });
});

describe('accepts', () => {
  test('the documented example, and writes it back digit for digit', () => {
    expect(formatLedgerDocument(parseLedgerDocument(EXAMPLE))).toEqual(EXAMPLE);
  });

  test('the parts alone', () => {
    const [entry] = EXAMPLE.entries;
    const [anchor] = EXAMPLE.anchors;
    const [price] = EXAMPLE.prices;
    const [mark] = EXAMPLE.marks;
    const { ACME } = EXAMPLE.instruments;
    expect(entryCodec.format(entryCodec.parse(entry, 'entry'))).toEqual(entry);
    expect(anchorCodec.format(anchorCodec.parse(anchor, 'anchor'))).toEqual(anchor);
    expect(priceCodec.format(priceCodec.parse(price, 'price'))).toEqual(price);
    expect(markCodec.format(markCodec.parse(mark, 'mark'))).toEqual(mark);
    expect(instrumentCodec.format(instrumentCodec.parse(ACME, 'instrument'))).toEqual(ACME);
  });

  test('what may be left out: instruments, prices, marks, positions, realised, units', () => {
    const equity = { kind: 'equity', base: 'ACME', quote: 'USD', settle: 'USD' };
    const { instruments: _i, prices: _p, marks: _m, ...rest } = EXAMPLE;
    const anchors = [{ asOf: '2026-01-05T06:00:00Z', balances: {} }];
    const document = parseLedgerDocument({ ...rest, entries: [], anchors });
    expect(document.instruments.size + document.prices.length + document.marks.length).toBe(0);
    expect(instrumentCodec.parse(equity, 'instrument')).toMatchObject({ realised: 'derived' });
  });

  test('80 digits, an asset with the name of an object property, a closed position', () => {
    const amount = `0.${'7'.repeat(80)}`;
    const balances = JSON.parse(`{"__proto__": "${amount}", "constructor": "1"}`);
    const positions = [{ instrument: 'BTC/USD:BTC', contracts: '0', entryPrice: '0' }];
    const anchors = [{ asOf: '2026-01-05T06:00:00Z', balances, positions }];
    const written = formatLedgerDocument(parseLedgerDocument({ ...EXAMPLE, anchors }));
    expect(JSON.stringify(written)).toContain(`"__proto__":"${amount}"`);
  });
});

describe('refuses', () => {
  const entry = (change: object): object => ({
    ...EXAMPLE,
    entries: [{ ...EXAMPLE.entries[0], ...change }],
  });
  const posting = (change: object): object =>
    entry({ postings: [{ asset: 'BTC', amount: '1', ...change }] });
  const fill = (change: object): object => ({
    ...EXAMPLE,
    entries: [{ ...EXAMPLE.entries[1], position: { ...EXAMPLE.entries[1]?.position, ...change } }],
  });
  const instrument = (change: object): object => ({
    ...EXAMPLE,
    instruments: {
      ...EXAMPLE.instruments,
      'BTC/USD:BTC': { ...EXAMPLE.instruments['BTC/USD:BTC'], ...change },
    },
  });
  const anchor = (change: object): object => ({
    ...EXAMPLE,
    anchors: [{ ...EXAMPLE.anchors[0], ...change }],
  });
  const price = (value: string): object => ({
    ...EXAMPLE,
    prices: [{ ...EXAMPLE.prices[0], price: value }],
  });
  const mark = (change: object): object => ({
    ...EXAMPLE,
    marks: [{ ...EXAMPLE.marks[0], ...change }],
  });
  const { contractSize: _, ...unsized } = EXAMPLE.instruments['BTC/USD:BTC'];

  const table: [string, unknown, Code, string][] = [
    ['nothing', null, 'LEDGER_MALFORMED', 'document'],
    ['a list', [], 'LEDGER_MALFORMED', 'document'],
    ['another format', { ...EXAMPLE, format: 'x' }, 'LEDGER_MALFORMED', 'document.format'],
    ['an unknown field', { ...EXAMPLE, note: '' }, 'LEDGER_MALFORMED', 'document'],
    ['an unknown field inside', entry({ fee: '1' }), 'LEDGER_MALFORMED', 'document.entries[0]'],
    ['a missing id', entry({ id: undefined }), 'LEDGER_MALFORMED', 'document.entries[0].id'],
    ['an empty id', entry({ id: '' }), 'LEDGER_MALFORMED', 'document.entries[0].id'],
    ['a long id', entry({ id: 'x'.repeat(257) }), 'LEDGER_MALFORMED', 'document.entries[0].id'],
    [
      'an unknown kind',
      entry({ kind: 'bonus' }),
      'LEDGER_UNKNOWN_ENTRY_KIND',
      'document.entries[0].kind',
    ],
    [
      'an entry of nothing',
      entry({ postings: [] }),
      'LEDGER_MALFORMED',
      'document.entries[0].postings',
    ],
    [
      'a split that does not split',
      entry({ kind: 'split' }),
      'LEDGER_MALFORMED',
      'document.entries[0].split',
    ],
    [
      'a fill that splits',
      entry({ split: { instrument: 'ACME', ratio: '2' } }),
      'LEDGER_MALFORMED',
      'document.entries[0].split',
    ],
    [
      'a split by nothing',
      entry({ kind: 'split', split: { instrument: 'ACME', ratio: '0' } }),
      'LEDGER_MALFORMED',
      'document.entries[0].split.ratio',
    ],
    [
      'an unknown role',
      posting({ role: 'tax' }),
      'LEDGER_MALFORMED',
      'document.entries[0].postings[0].role',
    ],
    [
      'a JSON number',
      posting({ amount: 1 }),
      'DECIMAL_MALFORMED',
      'document.entries[0].postings[0].amount',
    ],
    [
      'NaN',
      posting({ amount: 'NaN' }),
      'DECIMAL_MALFORMED',
      'document.entries[0].postings[0].amount',
    ],
    [
      'an exponent',
      posting({ amount: '1e3' }),
      'DECIMAL_MALFORMED',
      'document.entries[0].postings[0].amount',
    ],
    [
      'locale digits',
      posting({ amount: '1.234,5' }),
      'DECIMAL_MALFORMED',
      'document.entries[0].postings[0].amount',
    ],
    [
      'an unknown instrument',
      fill({ instrument: 'X' }),
      'LEDGER_MALFORMED',
      'document.entries[0].position',
    ],
    [
      'an inverse price of 0',
      fill({ price: '0' }),
      'LEDGER_MALFORMED',
      'document.entries[0].position',
    ],
    [
      'a position in spot',
      { ...instrument({ kind: 'spot' }), marks: [] },
      'LEDGER_MALFORMED',
      'document.entries[1].position',
    ],
    [
      'an unknown instrument kind',
      instrument({ kind: 'swap' }),
      'LEDGER_MALFORMED',
      'document.instruments[1].kind',
    ],
    [
      'a contract size of 0',
      instrument({ contractSize: '0' }),
      'LEDGER_MALFORMED',
      'document.instruments[1].contractSize',
    ],
    [
      'a derivative without a size',
      { ...EXAMPLE, instruments: { 'BTC/USD:BTC': unsized } },
      'LEDGER_MALFORMED',
      'document.instruments[0].contractSize',
    ],
    ['a negative price', price('-1'), 'LEDGER_MALFORMED', 'document.prices[0].price'],
    ['an inverse mark of 0', mark({ price: '0' }), 'LEDGER_MALFORMED', 'document.marks[0]'],
    [
      'a mark of an unknown instrument',
      mark({ instrument: 'X' }),
      'LEDGER_MALFORMED',
      'document.marks[0]',
    ],
    [
      'a local time',
      entry({ at: '2026-01-05T00:00:00' }),
      'LEDGER_MALFORMED',
      'document.entries[0].at',
    ],
    [
      'an offset',
      entry({ at: '2026-01-05T00:00:00+00:00' }),
      'LEDGER_MALFORMED',
      'document.entries[0].at',
    ],
    [
      'microseconds',
      entry({ at: '2026-01-05T00:00:00.000001Z' }),
      'LEDGER_MALFORMED',
      'document.entries[0].at',
    ],
    [
      '30 February',
      entry({ at: '2026-02-30T00:00:00Z' }),
      'LEDGER_MALFORMED',
      'document.entries[0].at',
    ],
    [
      'a leap second',
      entry({ at: '2016-12-31T23:59:60Z' }),
      'LEDGER_MALFORMED',
      'document.entries[0].at',
    ],
    [
      '24 o’clock',
      entry({ at: '2026-01-05T24:00:00Z' }),
      'LEDGER_MALFORMED',
      'document.entries[0].at',
    ],
    [
      'before 1970',
      entry({ at: '1969-12-31T23:59:59Z' }),
      'LEDGER_MALFORMED',
      'document.entries[0].at',
    ],
    ['milliseconds as a number', entry({ at: 0 }), 'LEDGER_MALFORMED', 'document.entries[0].at'],
    [
      'a window that begins within an hour',
      { ...EXAMPLE, window: { ...EXAMPLE.window, from: '2026-01-05T00:00:01Z' } },
      'LEDGER_MALFORMED',
      'document.window',
    ],
    [
      'a window that ends within an hour',
      { ...EXAMPLE, window: { ...EXAMPLE.window, to: '2026-01-05T06:00:01Z' } },
      'LEDGER_MALFORMED',
      'document.window',
    ],
    [
      'before the window',
      entry({ at: '2026-01-04T23:59:59.999Z' }),
      'LEDGER_ENTRY_OUTSIDE_WINDOW',
      'document.entries[0]',
    ],
    [
      'an anchor before the window',
      anchor({ asOf: '2026-01-04T23:00:00Z' }),
      'LEDGER_ENTRY_OUTSIDE_WINDOW',
      'document.anchors[0]',
    ],
    [
      'balances as a list',
      anchor({ balances: [] }),
      'LEDGER_MALFORMED',
      'document.anchors[0].balances',
    ],
  ];

  test.each(table)('%s', (_name, json, code, place) => {
    const refused = expect.objectContaining({ code, place });
    expect(() => parseLedgerDocument(json)).toThrow(refused);
  });
});
