import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseLedgerDocument } from '@track-record/ledger/document';
import { computeHours, formatHoursReport } from '@track-record/returns';
import { ledgerFromText } from '../../../testkit/src/ledger-text.ts';
import type { VerbOutput } from '../verb.ts';
import { UsageError } from '../verb.ts';
import { compute } from './compute.ts';

const LEDGER = `
  USD 00:00 to 02:00
  PERP is linear BTC USD USD size 1
  anchor 00:00: USD 999.9
  00:10 a fill: PERP 1 @ 100, USD -0.50 fee
  00:20 b fill: PERP -1 @ 110
  00:30 d flow: USD 500
  00:40 e funding: USD -1
  anchor 02:00: USD 1508.5`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'compute-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(text: string | null, options: Record<string, boolean> = {}): Promise<VerbOutput> {
  const ledger = join(folder, 'ledger.json');
  if (text !== null) writeFileSync(ledger, text);
  const given = text === null ? options : { ledger, ...options };
  return compute.run({
    options: given,
    positionals: [],
    stdin: Readable.from([]),
    progress: () => {},
  });
}

describe('accepts', () => {
  test('a ledger, and prints track-record-hours/1', async () => {
    const { document } = await run(JSON.stringify(ledgerFromText(LEDGER)), { balances: true });
    expect(document).toEqual({
      format: 'track-record-hours/1',
      method: 'twr-cut-at-flows/1',
      opening: { asOf: '2026-01-05T00:00:00Z', balances: { USD: '1000' } },
      hours: [
        {
          hour: '2026-01-05T00:00:00Z',
          status: 'measured',
          reason: null,
          navOpen: '1000',
          navClose: '1508.5',
          flow: '500',
          pnl: '8.5',
          return: '0.008831235508446505',
          fees: '-0.5',
          funding: '-1',
          income: '0',
          realised: '10',
          unrealised: '0',
          fx: '0',
          coverage: '1',
          residual: { USD: '-0.1' },
          residualValue: '-0.1',
          derived: { USD: '10' },
          balances: { USD: '1508.5' },
        },
        {
          hour: '2026-01-05T01:00:00Z',
          status: 'measured',
          reason: null,
          navOpen: '1508.5',
          navClose: '1508.5',
          flow: '0',
          pnl: '0',
          return: '0.000000000000000000',
          fees: '0',
          funding: '0',
          income: '0',
          realised: '0',
          unrealised: '0',
          fx: '0',
          coverage: '1',
          residual: {},
          residualValue: '0',
          balances: { USD: '1508.5' },
        },
      ],
    });
  });

  test('balances only when asked', async () => {
    const { document } = await run(JSON.stringify(ledgerFromText(LEDGER)));
    expect(JSON.stringify(document).match(/"balances"/g)).toHaveLength(1);
  });

  test('fills by the thousand, held in columns, as a document that is held whole', async () => {
    const fills = Array.from({ length: 5000 }, (_, index) => {
      const amount = index % 3 === 0 ? '-0.01' : '0.01';
      const at = `0${index % 2}:30:${10 + (index % 50)}`;
      return `${at} f${index} fill: BTC ${amount}, USD ${index}, BNB -0.001 fee`;
    });
    const prices =
      'price BTC: 00:00 60000, 01:00 60600, 02:00 60100\nprice BNB: 00:00 600, 02:00 610';
    const anchor = 'anchor 00:00: BTC 1000, BNB 10, USD 5';
    const json = ledgerFromText(['USD 00:00 to 02:00', anchor, ...fills, prices].join('\n'));
    const { document } = await run(JSON.stringify(json), { balances: true });
    const whole = computeHours(parseLedgerDocument(json));
    expect(document).toEqual(formatHoursReport(whole, { balances: true }));
  });

  test('a reader without JSON', async () => {
    const { text } = await run(JSON.stringify(ledgerFromText(LEDGER)));
    expect(text.split('\n')).toEqual([
      'hour              status        nav    flow   pnl      return  residual',
      '2026-01-05T00:00  measured  1508.50  500.00  8.50  0.00883124     -0.10',
      '2026-01-05T01:00  measured  1508.50    0.00  0.00  0.00000000      0.00',
      '',
    ]);
  });
});

describe('refuses', () => {
  test('to run without a file: usage', async () => {
    await expect(run(null)).rejects.toBeInstanceOf(UsageError);
  });

  test.each([
    ['no JSON', '{"format":', 'LEDGER_MALFORMED'],
    ['another document', '{}', 'LEDGER_MALFORMED'],
    [
      'a float',
      JSON.stringify(ledgerFromText(LEDGER)).replace('"999.9"', '999.9'),
      'DECIMAL_MALFORMED',
    ],
  ])('%s', async (_name, text, code) => {
    await expect(run(text)).rejects.toMatchObject({ code });
  });

  test('a file that is not there: ARGUMENT_INVALID', async () => {
    rmSync(join(folder, 'ledger.json'), { force: true });
    const ledger = join(folder, 'absent.json');
    const stdin = Readable.from([]);
    const asked = compute.run({ options: { ledger }, positionals: [], stdin, progress: () => {} });
    await expect(asked).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
  });
});
