import { describe, expect, it } from '@jest/globals';
import type { StatedHourRow } from '@track-record/store/released';
import { daysOf, measuredHours, metricsOf, monthlyTableOf } from './figures.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 0, 31);

/** An hour of each return; null has none. */
function rowsOf(returns: readonly (string | null)[], from = START): StatedHourRow[] {
  return returns.map((value, index) => ({
    accountId: 'a',
    hour: from + index * HOUR_MS,
    sequence: index,
    status: value === null ? 'unpriced' : 'measured',
    reason: value === null ? 'no_price' : null,
    return: value,
    coverage: '1',
    provenance: 'observed',
    hash: new Uint8Array(32),
  }));
}

async function* pagesOf(rows: readonly StatedHourRow[], size: number) {
  for (let from = 0; from < rows.length; from += size) yield rows.slice(from, from + size);
}

async function days(rows: readonly StatedHourRow[], size: number) {
  const all = [];
  for await (const page of daysOf(pagesOf(rows, size))) {
    expect(page.length).toBeGreaterThan(0);
    all.push(...page);
  }
  return all;
}

describe('accepts', () => {
  it('two returns of 10 % as 21 %, by hand', async () => {
    const rows = rowsOf(['0.1', null, '0.1']);
    const day = { startMs: START, hours: 2, periodReturn: '0.21', reason: null };
    expect(await days(rows, 2)).toEqual([day]);
    const month = { ...day, startMs: Date.UTC(2026, 0, 1) };
    expect(monthlyTableOf(measuredHours(rows))).toEqual({ months: [month], years: [month] });
    const { figures, ...counts } = metricsOf(measuredHours(rows), 'hour');
    expect(counts).toEqual({ returns: 2, hoursWithoutReturn: 1 });
    const total = { name: 'total_return', value: '0.21', reason: null };
    expect(figures).toContainEqual(total);
    expect(figures).toContainEqual({ name: 'cvar_0_05', value: '0.1', reason: null });
    const daily = metricsOf(measuredHours(rows), 'day');
    expect(daily).toMatchObject({ returns: 1, hoursWithoutReturn: 1 });
    expect(daily.figures).toContainEqual(total);
    const deviation = { name: 'sharpe_annual', value: null, reason: 'fewer_than_two' };
    expect(daily.figures).toContainEqual(deviation);
  });

  it('a month that ends, in two months and one year', () => {
    const { months, years } = monthlyTableOf(measuredHours(rowsOf(Array(48).fill('0.001'))));
    expect(months.map(({ startMs }) => startMs)).toEqual([
      Date.UTC(2026, 0, 1),
      Date.UTC(2026, 1, 1),
    ]);
    expect(years).toHaveLength(1);
    expect(years[0]).toMatchObject({ startMs: Date.UTC(2026, 0, 1), hours: 48 });
  });
});

describe('refuses', () => {
  it('a figure without a return, with its reason', () => {
    const { figures, returns } = metricsOf(measuredHours(rowsOf([null])), 'hour');
    expect(returns).toBe(0);
    expect(figures).toHaveLength(20);
    expect(new Set(figures.map(({ reason }) => reason))).toEqual(new Set(['no_returns']));
  });

  it('a return of a day in which everything was lost twice', async () => {
    const [day] = await days(rowsOf(['-1.5']), 1);
    expect(day).toMatchObject({ startMs: START, hours: 1, periodReturn: '-1.5' });
  });
});

describe('holds', () => {
  it('days do not depend on where pages end, and days without a return are left out', async () => {
    const first = rowsOf(Array(30).fill('0.001'));
    const rows = [
      ...first,
      ...rowsOf([null, null], START + 3 * DAY_MS),
      ...rowsOf(['0.5'], START + 5 * DAY_MS),
    ];
    const whole = await days(rows, rows.length);
    expect(whole.map(({ startMs }) => (startMs - START) / DAY_MS)).toEqual([0, 1, 5]);
    for (const size of [1, 7, 24, 25]) expect(await days(rows, size)).toEqual(whole);
  });
});
