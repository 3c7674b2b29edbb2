// What `compute` does with input that is wrong or strange, one row for each that was thought of
// beforehand: a typed refusal, or an hour that says what is the matter and no number.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Code } from '@track-record/errors';
import { ledgerFromText } from '../../../testkit/src/ledger-text.ts';
import { compute } from './compute.ts';

const LEDGER = `
  USD 00:00 to 02:00
  PERP is linear BTC USD USD size 1
  anchor 00:00: USD 1000
  00:10 a fill: PERP 1 @ 100, USD -0.50 fee
  00:20 b fill: PERP -1 @ 110
  01:00 c fill: BTC 1, USD -100
  price BTC: 01:00 100, 02:00 100`;

/** The instants of the entries above, as they are written in the document. */
const A_AT = '"2026-01-05T00:10:00Z"';
const B_AT = '"2026-01-05T00:20:00Z"';

const folder = mkdtempSync(join(tmpdir(), 'compute-bad-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every hour as `status return`. */
async function run(text: string): Promise<string[]> {
  const ledger = join(folder, 'ledger.json');
  writeFileSync(ledger, text);
  const input = { options: { ledger }, positionals: [], stdin: Readable.from([]) };
  const { document } = await compute.run({ ...input, progress: () => {} });
  const { hours }: { hours: { status: string; return: string | null }[] } = JSON.parse(
    JSON.stringify(document),
  );
  return hours.map((hour) => `${hour.status} ${hour.return?.replace(/\.?0+$/, '')}`);
}

function jsonOf(text: string): string {
  return JSON.stringify(ledgerFromText(text));
}

/** The ledger above with one piece of its text replaced, which must be there. */
function changed(piece: string, other: string): string {
  const text = jsonOf(LEDGER);
  expect(text).toContain(piece);
  return text.replace(piece, other);
}

const amount = (text: string): string => changed('"-0.50"', text);
const instant = (text: string): string => changed(A_AT, text);

const REFUSED: [string, () => string, Code][] = [
  ['unknown kind', () => changed('"fill"', '"bonus"'), 'LEDGER_UNKNOWN_ENTRY_KIND'],
  ['conflicting duplicate', () => changed('"id":"b"', '"id":"a"'), 'LEDGER_ENTRY_CONFLICT'],
  ['conflicting price', () => jsonOf(`${LEDGER}, 01:00 101`), 'LEDGER_ENTRY_CONFLICT'],
  ['negative price', () => changed('"price":"100"}]', '"price":"-100"}]'), 'LEDGER_MALFORMED'],
  [
    'negative contract size',
    () => changed('"contractSize":"1"', '"contractSize":"-1"'),
    'LEDGER_MALFORMED',
  ],
  [
    'negative split ratio',
    () => jsonOf(`${LEDGER}\n 00:30 s split: PERP x -2`),
    'LEDGER_MALFORMED',
  ],
  ['NaN', () => amount('"NaN"'), 'DECIMAL_MALFORMED'],
  ['NaN that is no text', () => amount('NaN'), 'LEDGER_MALFORMED'],
  ['infinity', () => amount('"-Infinity"'), 'DECIMAL_MALFORMED'],
  ['an exponent', () => amount('"-5e-1"'), 'DECIMAL_MALFORMED'],
  ['a JSON number', () => amount('-0.5'), 'DECIMAL_MALFORMED'],
  ['a decimal comma', () => amount('"-0,50"'), 'DECIMAL_MALFORMED'],
  ['a thousands separator', () => amount('"-1,000.50"'), 'DECIMAL_MALFORMED'],
  ['a thousands space', () => amount('"-1 000.50"'), 'DECIMAL_MALFORMED'],
  ['arabic digits', () => amount('"-٠.٥٠"'), 'DECIMAL_MALFORMED'],
  ['fullwidth digits', () => amount('"-０.５０"'), 'DECIMAL_MALFORMED'],
  ['a typographic minus', () => amount('"−0.50"'), 'DECIMAL_MALFORMED'],
  ['10,000 digits', () => amount(`"0.${'1'.repeat(10_000)}"`), 'DECIMAL_MALFORMED'],
  ['before 1970', () => instant('"1969-12-31T23:59:59.999Z"'), 'LEDGER_MALFORMED'],
  ['a leap second', () => instant('"2016-12-31T23:59:60Z"'), 'LEDGER_MALFORMED'],
  ['30 February', () => instant('"2026-02-30T00:00:00Z"'), 'LEDGER_MALFORMED'],
  ['a time without a zone', () => instant('"2026-01-05T00:10:00"'), 'LEDGER_MALFORMED'],
  [
    'a millisecond before the window',
    () => instant('"2026-01-04T23:59:59.999Z"'),
    'LEDGER_ENTRY_OUTSIDE_WINDOW',
  ],
];

const ACCEPTED: [string, () => string, string[]][] = [
  ['nothing is wrong', () => jsonOf(LEDGER), ['measured 0.0095', 'measured 0']],
  [
    'the same entry twice',
    () => jsonOf(`${LEDGER}\n 00:20 b fill: PERP -1.0 @ 110.00`),
    ['measured 0.0095', 'measured 0'],
  ],
  [
    'missing price: that hour has no number',
    () =>
      changed(
        '"at":"2026-01-05T02:00:00Z","price":"100"',
        '"at":"2026-01-06T03:00:00Z","price":"100"',
      ),
    ['measured 0.0095', 'stale 0'],
  ],
  [
    'missing price, none to carry either',
    () => jsonOf(LEDGER.replace(/price BTC.*/, '')),
    ['measured 0.0095', 'unpriced undefined'],
  ],
  [
    'negative quantity that nobody lent',
    () => jsonOf(LEDGER.replace('BTC 1, USD -100', 'BTC -1, USD 100')),
    ['measured 0.0095', 'quarantined undefined'],
  ],
  ['80 digits', () => amount(`"-0.5${'0'.repeat(77)}1"`), ['measured 0.0095', 'measured 0']],
  [
    'instants out of order',
    () => changed(A_AT, B_AT).replace(`"id":"b","at":${B_AT}`, `"id":"b","at":${A_AT}`),
    ['measured 0.0095', 'measured 0'],
  ],
  [
    'a millisecond before the end, at it, and behind it',
    () =>
      jsonOf(`${LEDGER}
      01:59:59.999 x fee: USD -1.0095
      02:00 y fee: USD -1
      03:00 z fee: USD -1`),
    ['measured 0.0095', 'measured -0.001'],
  ],
  [
    'an account with no entries',
    () => jsonOf('USD 00:00 to 02:00\nanchor 01:00: USD 100'),
    ['measured 0', 'measured 0'],
  ],
  [
    'an account with nothing',
    () => jsonOf('USD 00:00 to 02:00\nanchor 01:00:'),
    ['no_capital undefined', 'no_capital undefined'],
  ],
];

describe('accepts', () => {
  test.each(ACCEPTED)('%s', async (_name, text, told) => {
    expect(await run(text())).toEqual(told);
  });

  test('a million entries in one millisecond', async () => {
    const [head = '', tail = ''] = jsonOf('USD 00:00 to 01:00\nanchor 00:00: USD 1000').split(
      '"entries":[',
    );
    const fees = Array.from({ length: 1_000_000 }, (_, index) => {
      const posting = '{"asset":"USD","amount":"-0.0001"}';
      return `{"id":"f${index}","at":"2026-01-05T00:10:00Z","kind":"fee","postings":[${posting}]}`;
    });
    expect(await run(`${head}"entries":[${fees.join(',')}${tail}`)).toEqual(['measured -0.1']);
  });
});

describe('refuses', () => {
  test.each(REFUSED)('%s', async (_name, text, code) => {
    await expect(run(text())).rejects.toMatchObject({ code });
  });
});
