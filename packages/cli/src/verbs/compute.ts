// `track-record compute`: a ledger document in, hourly returns out (FORMATS.md). Offline and pure:
// the file is the only input.

import { readFile } from 'node:fs/promises';
import { RecordError } from '@track-record/errors';
import { type Decimal, formatDecimal, parseLedgerDocument, round } from '@track-record/ledger';
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
  const report = computeHours(parseLedgerDocument(withoutReport(await readJson(ledger))));
  return {
    document: formatHoursReport(report, { balances: balances === true }),
    text: formatTable(report),
  };
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new RecordError('ARGUMENT_INVALID', { cause, place: 'ledger' });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RecordError('LEDGER_MALFORMED', { cause, place: 'document' });
  }
}

function withoutReport(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  return Object.fromEntries(Object.entries(json).filter(([name]) => !FETCH_REPORT.has(name)));
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
