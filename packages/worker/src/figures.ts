// Figures and calendar returns of the released hours: the one implementation, in the returns room,
// over rows that the store read. Hours without a return are in no figure; their number is told.

import { parseDecimal, type Decimal } from '@track-record/ledger';
import {
  computeMetrics,
  decimalOf,
  type Figure,
  type Figures,
  formatFixed,
  linkByCalendar,
  seriesOf,
} from '@track-record/returns/metrics';
import type {
  FigureKey,
  FigureReasonName,
  Metrics,
  MonthlyTable,
  PeriodReturn,
  ReturnPeriodName,
} from '@track-record/rpc/sources';
import type { StatedHourRow } from '@track-record/store/released';

const PERIODS_PER_YEAR = { hour: parseDecimal('8760'), day: parseDecimal('365') } as const;
const DAY_MS = 86_400_000;

type Reason = Exclude<Figure, bigint>;

/** The reasons whose word is no name. */
const NAMES = { 'n<2': 'fewer_than_two', 'n<4': 'fewer_than_four' } as const;

export interface MeasuredHours {
  readonly returns: readonly { readonly startMs: number; readonly value: Decimal }[];
  readonly without: number;
}

export function measuredHours(rows: readonly StatedHourRow[]): MeasuredHours {
  const returns = rows.flatMap(({ hour, return: text }) =>
    text === null ? [] : [{ startMs: hour, value: parseDecimal(text) }],
  );
  return { returns, without: rows.length - returns.length };
}

export function metricsOf({ returns, without }: MeasuredHours, period: ReturnPeriodName): Metrics {
  const days = () => linkByCalendar(returns, 'day').map(({ value }) => value);
  // A day that has no return because everything was lost ends the list: nothing follows ruin.
  const values =
    period === 'hour'
      ? returns.map(({ value }) => value)
      : days()
          .filter((value) => typeof value === 'bigint')
          .map(decimalOf);
  const figures = computeMetrics({
    returns: seriesOf(values),
    periodsPerYear: PERIODS_PER_YEAR[period],
  });
  return { figures: namedFigures(figures), returns: values.length, hoursWithoutReturn: without };
}

export function monthlyTableOf({ returns }: MeasuredHours): MonthlyTable {
  return { months: periodsOf(returns, 'month'), years: periodsOf(returns, 'year') };
}

/**
 * The days of pages of hours, as soon as each is over: the last hours of a page may belong to a day
 * that goes on in the next.
 */
export async function* daysOf(
  pages: AsyncIterable<readonly StatedHourRow[]>,
): AsyncGenerator<readonly PeriodReturn[]> {
  let open: readonly StatedHourRow[] = [];
  for await (const page of pages) {
    const rows = [...open, ...page];
    const today = dayOf(rows.at(-1));
    open = rows.filter((row) => dayOf(row) === today);
    const days = periodsOf(measuredHours(rows.slice(0, rows.length - open.length)).returns, 'day');
    if (days.length > 0) yield days;
  }
  const last = periodsOf(measuredHours(open).returns, 'day');
  if (last.length > 0) yield last;
}

function dayOf(row: StatedHourRow | undefined): number {
  return row === undefined ? -1 : Math.floor(row.hour / DAY_MS);
}

function periodsOf(
  returns: MeasuredHours['returns'],
  unit: 'day' | 'month' | 'year',
): readonly PeriodReturn[] {
  return linkByCalendar(returns, unit).map(({ key, periods, value }) => ({
    // `2026`, `2026-01` or `2026-01-05`.
    startMs: Date.parse(`${`${key}-01-01`.slice(0, '2026-01-05'.length)}T00:00:00Z`),
    hours: periods,
    periodReturn: typeof value === 'bigint' ? formatFixed(value) : null,
    reason: typeof value === 'bigint' ? null : nameOf(value),
  }));
}

function namedFigures({ values, reasons }: Figures): Metrics['figures'] {
  return Object.entries(values).map(([key, value]) => {
    const reason = reasons[key];
    return { name: parseKey(key), value, reason: reason === undefined ? null : nameOf(reason) };
  });
}

/** Our own table's keys; the door refuses one that its enumeration does not have. */
function parseKey(key: string): FigureKey {
  return key.replaceAll('.', '_') as FigureKey;
}

function nameOf(reason: Reason): FigureReasonName {
  return reason === 'n<2' || reason === 'n<4' ? NAMES[reason] : reason;
}
