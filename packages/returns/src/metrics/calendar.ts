// Returns linked over calendar periods in UTC, and figures over windows that move by one period. A
// calendar period is made of the returns that start inside it: absent ones are not filled in, their
// number is given.

import type { Decimal } from '@track-record/ledger';
import { formatFigures, type Figure, type Figures, type FigureTable } from './figures.ts';
import { deviationsOf, seriesOf, sharpe, volatility, type Series } from './series.ts';
import { maxDrawdown, ofWealth, totalReturn, wealthOf } from './wealth.ts';

const DAY_MS = 86_400_000;
/** 1970-01-01 was a Thursday, the fourth day of an ISO 8601 week. */
const DAYS_FROM_MONDAY_TO_EPOCH = 3;

export type CalendarUnit = 'day' | 'iso_week' | 'month' | 'year';

export interface TimedReturn {
  /** Start of the period, ms UTC. */
  readonly startMs: number;
  readonly value: Decimal;
}

export interface LinkedReturn {
  /** `2026-01-05`, the Monday of a week, `2026-01` or `2026`. */
  readonly key: string;
  readonly periods: number;
  readonly value: Figure;
}

/** The returns of consecutive periods of `stepMs`, the first of which starts at `fromMs`. */
export function timedReturns(
  { values, unit }: Series,
  fromMs: number,
  stepMs: number,
): readonly TimedReturn[] {
  const scale = unit.toString().length - 1;
  return values.map((mantissa, index) => ({
    startMs: fromMs + index * stepMs,
    value: { mantissa, scale },
  }));
}

/**
 * One linked return per calendar period that has any, in order of time whatever the order given.
 */
export function linkByCalendar(
  returns: readonly TimedReturn[],
  unit: CalendarUnit,
): readonly LinkedReturn[] {
  const groups = new Map<string, Decimal[]>();
  for (const { startMs, value } of returns.toSorted((a, b) => a.startMs - b.startMs)) {
    const key = calendarKey(startMs, unit);
    const group = groups.get(key) ?? [];
    group.push(value);
    groups.set(key, group);
  }
  return [...groups].map(([key, values]) => {
    const value = ofWealth(wealthOf(seriesOf(values)), totalReturn);
    return { key, periods: values.length, value };
  });
}

/** The figures of each window of `size` periods, the window that ends first coming first. */
export function rollingFigures(returns: Series, size: number, year: Decimal): readonly Figures[] {
  const ends = returns.values.map((_value, index) => index + 1).slice(size - 1);
  return ends.map((end) => {
    const window = { values: returns.values.slice(end - size, end), unit: returns.unit };
    return formatFigures(size, windowTable(window, year));
  });
}

function windowTable(window: Series, year: Decimal): FigureTable {
  const deviations = deviationsOf(window);
  const wealth = wealthOf(window);
  return {
    total_return: () => ofWealth(wealth, totalReturn),
    volatility_annual: () => volatility(deviations, year),
    sharpe_annual: () => sharpe(deviations, year),
    max_drawdown: () => ofWealth(wealth, maxDrawdown),
  };
}

function calendarKey(startMs: number, unit: CalendarUnit): string {
  switch (unit) {
    case 'day':
      return dateOf(startMs);
    case 'iso_week': {
      const day = Math.floor(startMs / DAY_MS);
      const sinceMonday = (((day + DAYS_FROM_MONDAY_TO_EPOCH) % 7) + 7) % 7;
      return dateOf((day - sinceMonday) * DAY_MS);
    }
    case 'month':
      return dateOf(startMs).slice(0, -'-00'.length);
    case 'year':
      return dateOf(startMs).slice(0, -'-00-00'.length);
  }
}

function dateOf(instantMs: number): string {
  return new Date(instantMs).toISOString().slice(0, -'T00:00:00.000Z'.length);
}
