// Tables and ages for a terminal: a column that says nothing is left out, and a line that is wider
// than the terminal is cut at its end instead of being wrapped. Elsewhere nothing is cut.

import type { ActionRow } from '@track-record/store/operator';

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | null;
  /** Counts stand to the right. */
  readonly right?: boolean;
}

const GAP = '  ';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Where there is no row, `empty` alone. */
export function tableOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  empty: string,
): string {
  if (rows.length === 0) return `${empty}\n`;
  const telling = columns.filter((column) => rows.some((row) => column.of(row) !== ''));
  const cells = rows.map((row) => telling.map((column) => column.of(row) ?? '-'));
  const titles = telling.map(({ title }) => title);
  const widths = titles.map((title, index) =>
    Math.max(title.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const lines = [titles, ...cells].map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return telling[index]?.right === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(GAP)
      .trimEnd()
      .slice(0, process.stdout.isTTY ? process.stdout.columns : undefined),
  );
  return `${lines.join('\n')}\n`;
}

/** Name and value, one a line; what is null is left out. */
export function fieldsOf(fields: Readonly<Record<string, string | null>>): string {
  const present = Object.entries(fields).filter(([, value]) => value !== null);
  const width = Math.max(...present.map(([name]) => name.length));
  return present.map(([name, value]) => `${name.padEnd(width)}${GAP}${value}\n`).join('');
}

/** `2026-01-05T06:00:00Z` as `2026-01-05 06:00`. */
export function minuteOf(instant: string | null): string | null {
  return instant === null ? null : instant.slice(0, 16).replace('T', ' ');
}

/** How long ago, in the largest unit that fits; a clock ahead of ours gives `now`. */
export function ageOf(instant: string | null, now: number): string | null {
  if (instant === null) return null;
  const ms = now - Date.parse(instant);
  if (ms < 1000) return 'now';
  if (ms < 2 * MINUTE_MS) return `${Math.floor(ms / 1000)}s`;
  if (ms < 2 * HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}m`;
  return ms < 2 * DAY_MS ? `${Math.floor(ms / HOUR_MS)}h` : `${Math.floor(ms / DAY_MS)}d`;
}

/** What operators did to a job or an account; nothing where nobody did. */
export function actionsTable(actions: readonly ActionRow[]): string {
  if (actions.length === 0) return '';
  const columns: readonly Column<ActionRow>[] = [
    { title: 'at', of: ({ at }) => minuteOf(at) },
    { title: 'who', of: ({ actor }) => actor },
    { title: 'did', of: ({ action }) => action },
    { title: 'why', of: ({ reason }) => reason },
  ];
  return `\n${tableOf(columns, actions, '')}`;
}
