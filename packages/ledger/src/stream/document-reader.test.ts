import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatLedgerDocument, parseLedgerDocument } from '../ledger-document.ts';
import type { LedgerDocument } from '../index.ts';
import { DocumentReader } from './document-reader.ts';

const FILL = {
  id: 't1',
  at: '2026-01-05T00:59:59.999Z',
  kind: 'fill',
  postings: [
    { asset: 'BTC', amount: '-0.02' },
    { asset: 'USD', amount: '840.12' },
    { asset: 'BNB', amount: '-0.0020196', role: 'fee' },
  ],
};

const DOCUMENT = {
  format: 'track-record-ledger/1',
  account: { id: 'a1', venue: 'binance', reportingCurrency: 'USD' },
  window: { from: '2026-01-05T00:00:00Z', to: '2026-01-05T06:00:00Z' },
  instruments: {
    PERP: { kind: 'linear', base: 'BTC', quote: 'USD', settle: 'USD', contractSize: '1' },
  },
  anchors: [{ asOf: '2026-01-05T06:00:00Z', balances: { BTC: '0.50' } }],
  entries: [
    FILL,
    { ...FILL, id: 't2' },
    {
      id: 'ü "quoted" \\ \u2028',
      at: '2026-01-05T01:10:00Z',
      kind: 'fill',
      position: { instrument: 'PERP', contracts: '-1', price: '42000' },
    },
    {
      id: 'd1',
      at: '2026-01-05T01:10:00.5Z',
      kind: 'flow',
      postings: [{ asset: 'USD', amount: '1' }],
    },
    { ...FILL, id: 't3', at: '2026-01-06T00:00:00Z' },
  ],
  prices: [
    { asset: 'BTC', currency: 'USD', at: '2026-01-05T01:00:00Z', price: '42005.25' },
    { asset: 'BNB', currency: 'BTC', at: '2026-01-05T01:00:00.123Z', price: '0' },
  ],
  marks: [{ instrument: 'PERP', at: '2026-01-05T01:00:00Z', price: '42010' }],
};

/** The text in pieces that end at these bytes. */
function read(text: string, cuts: readonly number[] = [], ignored?: Set<string>): LedgerDocument {
  const reader = new DocumentReader(ignored);
  const bytes = Buffer.from(text);
  const piece = Buffer.alloc(bytes.length);
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    const end = Math.max(start, Math.min(cut, bytes.length));
    // One buffer for all pieces, as a reader of files uses it.
    reader.write(piece.subarray(0, bytes.copy(piece, 0, start, end)));
    start = end;
  }
  const { document, fills } = reader.end();
  return { ...document, entries: fills.all(document.entries) };
}

/** What either way of reading makes of a text: the document written again, or the refusal. */
function outcome(readText: () => LedgerDocument): unknown {
  try {
    return formatLedgerDocument(readText());
  } catch (error) {
    const { code, place } = Object(error);
    if (code === undefined) throw error;
    return { code, place };
  }
}

function parseWhole(text: string): LedgerDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw Object.assign(new Error('no JSON', { cause }), malformed);
  }
  return parseLedgerDocument(json);
}

function expectSame(text: string, cuts: readonly number[] = []): void {
  expect(outcome(() => read(text, cuts))).toEqual(outcome(() => parseWhole(text)));
}

const malformed = { code: 'LEDGER_MALFORMED', place: 'document' };
const text = JSON.stringify(DOCUMENT);

describe('accepts', () => {
  test.each([
    ['one line', text],
    ['indented', JSON.stringify(DOCUMENT, null, 2)],
    ['with tabs and line ends', JSON.stringify(DOCUMENT, null, '\t').replaceAll('\n', '\r\n ')],
    [
      'lists before the rest',
      JSON.stringify(Object.fromEntries(Object.entries(DOCUMENT).reverse())),
    ],
    [
      'without what may be absent',
      JSON.stringify({ ...DOCUMENT, prices: undefined, marks: undefined }),
    ],
    ['empty lists', JSON.stringify({ ...DOCUMENT, entries: [], prices: [], marks: [] })],
  ])('%s', (_name, document) => {
    expect(outcome(() => read(document))).not.toHaveProperty('code');
    expectSame(document);
  });

  test('what others wrote beside the document', () => {
    const beside = { capabilities: { a: [1, { b: ']}' }] }, pages: 12, ...DOCUMENT, requests: 7 };
    const ignored = new Set(['capabilities', 'pages', 'requests']);
    for (const indent of [0, 2]) {
      const written = JSON.stringify(beside, null, indent).replace(
        '12,',
        indent === 0 ? '12,' : '12 ,',
      );
      expect(outcome(() => read(written, [], ignored))).toEqual(outcome(() => read(text)));
    }
  });

  test.each(['a"}],', 'a"{[', '\\', '"', '\\"}', '},{', ']'])('the id %s of a flow', (id) => {
    const flow = { id, at: FILL.at, kind: 'flow', postings: [{ asset: id, amount: '1' }] };
    expectSame(JSON.stringify({ ...DOCUMENT, entries: [flow, FILL] }));
    expect(outcome(() => read(JSON.stringify({ ...DOCUMENT, entries: [flow] })))).toMatchObject({
      entries: [flow],
    });
  });

  test('names with one beginning, and one name at the beginning of another', () => {
    const names = ['1000000PEPE', '1000000SHIB', 'USDT', 'USDTB', 'USDTBULL', 'U', 'USDT'];
    const entries = Array.from({ length: 40 }, (_, index) => ({
      ...FILL,
      id: `n${index}`,
      postings: names.map((asset) => ({ asset, amount: `${index}.5` })),
    }));
    expectSame(JSON.stringify({ ...DOCUMENT, entries }));
  });

  test.each(['999999999999999', '9999999999999.99', '0.00000000000001', '999999999.999999'])(
    'the %s that a double holds, and ten times as much',
    (amount) => {
      const both = [amount, `-${amount}`, `1${amount}`].map((each) => ({
        asset: 'A',
        amount: each,
      }));
      const entries = [FILL, { ...FILL, id: 't2', postings: both }];
      expectSame(JSON.stringify({ ...DOCUMENT, entries }));
    },
  );

  test('more assets than one block of columns holds', () => {
    const entries = Array.from({ length: 1200 }, (_, index) => ({
      ...FILL,
      id: `${index}`,
      postings: [{ asset: `A${index}`, amount: '1.5' }],
    }));
    expectSame(JSON.stringify({ ...DOCUMENT, entries }));
  });

  test('more rows and postings than one block of columns holds', () => {
    const postings = Array.from({ length: 7 }, (_, index) => ({ asset: `A${index}`, amount: '1' }));
    const entries = Array.from({ length: 9000 }, (_, index) => ({
      ...FILL,
      id: `${index}`,
      postings,
    }));
    expectSame(JSON.stringify({ ...DOCUMENT, entries }), [70_000, 100_000]);
  });
});

describe('refuses', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['no object', '[]'],
    ['an object without a field', '{}'],
    ['a byte order mark', `\uFEFF${text}`],
    ['text behind the end', `${text}x`],
    ['a second document', text + text],
    ['a comma behind the last field', text.replace(/}$/, ',}')],
    ['a comma behind the last element', text.replace(']}],"prices"', ']},],"prices"')],
    ['no comma between elements', text.replace('},{"id":"t2"', '}{"id":"t2"')],
    ['no colon', text.replace('"entries":', '"entries"')],
    ['a bracket of the other kind', text.replace('"role":"fee"}]}', '"role":"fee"}}}')],
    ['a name that is no string', text.replace('"entries":', 'entries:')],
    ['an unknown field', text.replace('"marks"', '"other"')],
    ['a field called __proto__', text.replace('"marks"', '"__proto__"')],
    ['a list that is an object', JSON.stringify({ ...DOCUMENT, entries: {} })],
    ['no entries', JSON.stringify({ ...DOCUMENT, entries: undefined })],
    ['another format', text.replace('ledger/1', 'ledger/2')],
    ['an entry before the window', text.replace('05T00:59', '04T00:59')],
    ['an unknown kind', text.replace('"fill"', '"gift"')],
    ['an unknown role', text.replace('"fee"', '"tip"')],
    ['an unknown field of an entry', text.replace('"kind":"fill"', '"kind":"fill","note":"x"')],
    ['a field too many behind a fill', text.replace('"fee"}]', '"fee"}],"note":"x"')],
    ['a fill without postings', text.replace(/"postings":\[[^\]]*\]/, '"postings":[]')],
    ['an empty id', text.replace('"t1"', '""')],
    ['an id that is too long', text.replace('t1', 'x'.repeat(257))],
    ['a control character', text.replace('t1', 't\n1')],
    ['a negative price', text.replace('42005.25', '-42005.25')],
    ['30 February', text.replaceAll('2026-01-05T00:59', '2026-02-30T00:59')],
    ['hour 24', text.replace('T00:59:59.999Z', 'T24:00:00Z')],
    ['second 60', text.replace('00:59:59.999Z', '00:59:60Z')],
    ['no zone', text.replace('59.999Z', '59.999')],
    ['four digits of a second', text.replace('59.999Z', '59.9999Z')],
    ...['', '-', '+1', '01', '-01', '.5', '1.', '1.2.3', '1e3', ' 1', '1,5', 'NaN', '0x1', '١'].map(
      (amount): [string, string] => [`the decimal ${amount}`, text.replace('840.12', amount)],
    ),
  ])('%s', (_name, document) => {
    expect(outcome(() => read(document))).toHaveProperty('code');
    expectSame(document);
  });

  test('a name that is written twice', () => {
    const twice = text.replace('"prices"', '"entries":[],"prices"');
    expect(outcome(() => read(twice))).toEqual(malformed);
  });
});

describe('holds', () => {
  test('a document that was cut short is malformed, wherever the cut is', () => {
    for (let length = 0; length < text.length; length += 1) {
      expect(outcome(() => read(text.slice(0, length)))).toEqual(malformed);
    }
  });

  test('the pieces in which the bytes come change nothing', () => {
    const whole = outcome(() => read(text));
    for (let cut = 1; cut < text.length; cut += 3)
      expect(outcome(() => read(text, [cut]))).toEqual(whole);
    const everyByte = Array.from(Buffer.from(text), (_, index) => index);
    expect(outcome(() => read(text, everyByte))).toEqual(whole);
  });

  test('any fill and price reads as the codecs read it', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?$/);
    const name = fc.oneof(
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.stringMatching(/^\w{1,9}$/),
    );
    const at = fc
      .date({
        min: new Date('2026-01-05T00:00:00Z'),
        max: new Date('2027-01-05T00:00:00Z'),
        noInvalidDate: true,
      })
      .map((date) => date.toISOString());
    const posting = fc.record(
      { asset: name, amount: digits, role: fc.constant('fee') },
      { requiredKeys: ['asset', 'amount'] },
    );
    const kind = fc.constantFrom('fill', 'fill', 'conversion');
    const entry = fc.record({ id: name, at, kind, postings: fc.array(posting, { maxLength: 10 }) });
    const price = fc.record({ asset: name, currency: name, at, price: digits });
    const lists = fc.record({ entries: fc.array(entry), prices: fc.array(price) });
    const property = fc.property(lists, fc.array(fc.nat(5000)), (parts, cuts) => {
      expectSame(
        JSON.stringify({ ...DOCUMENT, ...parts }),
        cuts.toSorted((a, b) => a - b),
      );
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('a byte changed anywhere is judged as by the codecs', () => {
    const bytes = fc.constantFrom(...'{}[]",:\\ 0a-.Z\n'.split(''));
    const property = fc.property(fc.nat(text.length - 1), bytes, (index, byte) => {
      const changed = text.slice(0, index) + byte + text.slice(index + 1);
      // Of two faults either may be told.
      const isRefused = (told: unknown): boolean => Object.hasOwn(Object(told), 'code');
      const streamed = outcome(() => read(changed));
      const whole = outcome(() => parseWhole(changed));
      expect(isRefused(streamed) ? isRefused(whole) : streamed).toEqual(
        isRefused(streamed) || whole,
      );
    });
    fc.assert(property, { numRuns: 500 });
  });
});
