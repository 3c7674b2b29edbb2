// `track-record compute`: a ledger document in, hourly returns out (FORMATS.md). Offline and pure:
// the file is the only input.

import { open } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import { type Decimal, formatDecimal, round } from '@track-record/ledger';
import { DocumentReader, type ReadLedger } from '@track-record/ledger/stream';
import {
  computeHours,
  formatHoursReport,
  type Hour,
  type HoursReport,
} from '@track-record/returns';
import { UsageError, type Verb, type VerbInput, type VerbOutput } from '../verb.ts';

/** Digits a person reads in a table; `--json` has all of them. */
const MONEY_DIGITS = 2;
const RETURN_DIGITS = 8;

/** Large enough that the reader's work outweighs the call. */
const CHUNK_BYTES = 1 << 18;

/** What `venues fetch` prints beside its ledger document; no hour follows from it. */
const FETCH_REPORT: ReadonlySet<string> = new Set(['capabilities', 'requests']);

export const compute: Verb = {
  name: 'compute',
  summary: 'Replay a ledger document and print its hourly returns.',
  example: 'compute --ledger ledger.json --balances --json',
  options: { ledger: { type: 'string' }, balances: { type: 'boolean' } },
  run,
};

async function run({ options }: VerbInput): Promise<VerbOutput> {
  const { ledger, balances } = options;
  if (typeof ledger !== 'string') throw new UsageError('--ledger FILE is required.');
  const { document, fills } = await readLedger(ledger);
  const report = computeHours(document, { fills, balances: balances === true });
  return {
    document: formatHoursReport(report, { balances: balances === true }),
    text: formatTable(report),
  };
}

/** A ledger of a million entries is some hundred megabytes, whose text is never held. */
async function readLedger(path: string): Promise<ReadLedger> {
  const reader = new DocumentReader(FETCH_REPORT);
  const file = await whileReading(open(path));
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await whileReading(file.read(chunk));
      if (bytesRead === 0) return reader.end();
      reader.write(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

async function whileReading<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'ledger' });
  }
}

function formatTable({ hours }: HoursReport): string {
  const header = ['hour', 'status', 'nav', 'flow', 'pnl', 'return', 'residual'];
  const rows = [header, ...hours.map(tableRow)];
  const widths = header.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function tableRow(hour: Hour): string[] {
  return [
    new Date(hour.hour).toISOString().slice(0, 16),
    hour.status,
    shown(hour.navClose, MONEY_DIGITS),
    shown(hour.flow, MONEY_DIGITS),
    shown(hour.pnl, MONEY_DIGITS),
    shown(hour.return, RETURN_DIGITS),
    shown(hour.residualValue, MONEY_DIGITS),
  ];
}

function shown(value: Decimal | null, digits: number): string {
  return value === null ? '-' : formatDecimal(round(value, digits));
}
