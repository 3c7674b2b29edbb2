// Hours of an account as a person writes them: one per line, `HH status return words...`. The words
// are `paper`, `backfilled`, `restates` (the last statement of that hour) or the reason of an hour
// without a return, which has a dash.

import type { HourStatus, SignedStatement, StatementBody } from '@track-record/statement';

type Change = Partial<StatementBody> & { readonly at: number };

const statuses: ReadonlySet<string> = new Set<HourStatus>([
  'measured',
  'no_capital',
  'ruined',
  'unpriced',
  'stale',
]);

export function hoursOf(text: string): readonly ((signed: readonly SignedStatement[]) => Change)[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(readHour);
}

function readHour(line: string): (signed: readonly SignedStatement[]) => Change {
  const [hour = '', status = '', figure = '', ...words] = line.split(/ +/);
  if (!isStatus(status)) throw new Error(`no status: ${line}`);
  const at = Number(hour);
  const measured = figure !== '-';
  return (signed) => ({
    at,
    status,
    return: measured ? padded(figure) : null,
    reason: measured ? null : (words[0] ?? null),
    paper: words.includes('paper'),
    provenance: words.includes('backfilled') ? 'backfilled' : 'observed',
    restates: words.includes('restates') ? lastOf(signed, at) : null,
  });
}

function isStatus(word: string): word is HourStatus {
  return statuses.has(word);
}

function padded(figure: string): string {
  const [whole = '', decimals = ''] = figure.split('.');
  return `${whole}.${decimals.padEnd(6, '0')}`;
}

function lastOf(signed: readonly SignedStatement[], at: number): string | null {
  const stamp = `"hour":"2026-01-05T${String(at).padStart(2, '0')}:`;
  const found = signed.findLast(({ bytes }) => Buffer.from(bytes).toString().includes(stamp));
  return found?.hash ?? null;
}
