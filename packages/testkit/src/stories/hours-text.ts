// Hours of an account as a person writes them: one per line, `HH status return words...`. The words
// are `paper`, `backfilled`, `restates` (the last statement of that hour), `told=N` (for so many
// hours), `owner=N/M/E/R` (account N of M, E of them ended, begun again R times), `stranger`
// (another owner), `grid=day`, `delay=N`, or the reason of an hour without a return, which has a
// dash.

import {
  disclosureOf,
  type HourStatus,
  type SignedStatement,
  type StatementBody,
} from '@track-record/statement';

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
    reason: measured && status === 'measured' ? null : (words[0] ?? null),
    spans: Number(valueOf(words, 'told') ?? 1),
    owner: ownerOf(words),
    disclosure: disclosureOf({
      grid: valueOf(words, 'grid'),
      delayHours: Number(valueOf(words, 'delay') ?? 24),
      thin: null,
    }),
    paper: words.includes('paper'),
    provenance: words.includes('backfilled') ? 'backfilled' : 'observed',
    restates: words.includes('restates') ? lastOf(signed, at) : null,
  });
}

function valueOf(words: readonly string[], name: string): string | null {
  const word = words.find((each) => each.startsWith(`${name}=`));
  return word === undefined ? null : word.slice(name.length + 1);
}

function ownerOf(words: readonly string[]): StatementBody['owner'] {
  const [ordinal = 1, connected = 1, ended = 0, restarts = 0] =
    valueOf(words, 'owner')?.split('/').map(Number) ?? [];
  const pseudonym = (words.includes('stranger') ? 'dd' : 'ee').repeat(16);
  return { pseudonym, connected, ended, ordinal, restarts };
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
