// The recorded tables of returns and metrics through the public verb, within the tolerance that
// their MANIFEST states. A table's NaN or Infinity is null here. Where a table has NaN as input,
// the mapping is made on this side: 0 where wealth is linked, left out of means and deviations.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import {
  absolute,
  add,
  compare,
  type Decimal,
  divide,
  formatDecimal,
  multiply,
  parseDecimal,
  subtract,
} from '@track-record/ledger';
import { metrics } from './metrics.ts';

const VECTORS = join(process.env['VECTORS_DIR'] ?? '../shared/vectors', 'returns');
const present = existsSync(VECTORS) || process.env['CI'] !== undefined;
const withVectors = present ? describe : describe.skip;
const DAY_MS = 86_400_000;

type Options = Record<string, string | boolean>;

/**
 * One answer of the verb, read by paths such as `extended/ulcer_index` and
 * `rolling/0/sharpe_annual`.
 */
class Answer {
  readonly document: unknown;

  constructor(document: unknown) {
    this.document = document;
  }

  at(path: string): unknown {
    let value = this.document;
    for (const key of path.split('/')) {
      value = Object.entries(value ?? {}).find(([name]) => name === key)?.[1];
    }
    return value;
  }

  list(path: string, key: string): unknown[] {
    const rows = this.at(path);
    return Array.isArray(rows) ? rows.map((row) => new Answer(row).at(key)) : [];
  }
}

async function run(input: unknown, options: Options = {}): Promise<Answer> {
  const stdin = Readable.from([Buffer.from(JSON.stringify(input))]);
  const output = await metrics.run({ options, positionals: [], stdin, progress: () => {} });
  return new Answer(JSON.parse(JSON.stringify(output.document)));
}

function ask(returns: readonly string[], periods?: number, options: Options = {}) {
  return run({ periods_per_year: periods, returns }, options);
}

function minus(left: string, right: string): string {
  return formatDecimal(subtract(parseDecimal(left), parseDecimal(right)));
}

function plus(left: string, right: string): string {
  return formatDecimal(add(parseDecimal(left), parseDecimal(right)));
}

function over(left: string, right: string): string {
  return formatDecimal(divide(parseDecimal(left), parseDecimal(right), 60));
}

/** What a test prints when a figure is off: the figure; otherwise the expected text. */
function within(actual: unknown, expected: string, bound: Decimal): unknown {
  if (typeof actual !== 'string') return actual;
  const off = absolute(subtract(parseDecimal(actual), parseDecimal(expected)));
  return compare(off, bound) <= 0 ? expected : actual;
}

function digits(scale: number, units = 1n): Decimal {
  return { mantissa: units, scale };
}

function relative(scale: number, expected: string): Decimal {
  return multiply(digits(scale), absolute(parseDecimal(expected)));
}

function load<Table>(name: string, none: Table): Table {
  if (!present) return none;
  const table: Table = JSON.parse(readFileSync(join(VECTORS, name), 'utf8'));
  return table;
}

/** Returns whose linked path is the given accumulated returns. */
function returnsOf(accumulated: readonly string[]): string[] {
  let before = '1';
  return accumulated.map((value) => {
    const after = plus(value, '1');
    const step = minus(over(after, before), '1');
    before = after;
    return step;
  });
}

interface EmpyricalCase {
  readonly fn: string;
  readonly input: string;
  readonly params: Readonly<Record<string, string>> & {
    readonly periods_per_year?: number;
    readonly window?: number;
  };
  readonly expected: string | string[];
  readonly recomputed: string | string[];
  readonly decimals: number;
}

const empyrical = load<{ series: Record<string, string[]>; cases: EmpyricalCase[] }>(
  'empyrical_stats.json',
  { series: {}, cases: [] },
);

type Params = EmpyricalCase['params'];
type Solve = (series: readonly string[], params: Params) => Promise<unknown>;

function without(series: readonly string[]): string[] {
  return series.filter((value) => value !== 'NaN');
}

function filled(series: readonly string[]): string[] {
  return series.map((value) => (value === 'NaN' ? '0' : value));
}

/** Differences; a NaN on either side leaves the pair out, as the source does. */
function less(series: readonly string[], of = '0'): string[] {
  const named = of.startsWith('series:') ? empyrical.series[of.slice('series:'.length)] : undefined;
  const other = named ?? series.map(() => of);
  return series.flatMap((value, i) => {
    const base = other[i] ?? 'NaN';
    return value === 'NaN' || base === 'NaN' ? [] : [minus(value, base)];
  });
}

async function linkedFrom(value: unknown, start = '0'): Promise<unknown> {
  if (typeof value !== 'string' || start === '0') return value;
  return formatDecimal(multiply(parseDecimal(plus(value, '1')), parseDecimal(start)));
}

/**
 * The threshold per period is (1 + annual)^(1 / periods) - 1: one return over 1 / periods of a
 * year.
 */
async function omega(series: readonly string[], params: Params): Promise<unknown> {
  const required = params['required_return_annual'] ?? '0';
  const excess = less(series, params['risk_free_per_period']);
  // At -1 and below there is no threshold per period; the source says NaN.
  if (compare(parseDecimal(required), digits(0, -1n)) <= 0) return null;
  if (required === '0') return (await ask(excess, 252)).at('omega_0');
  const year = { 'periods-per-year': over('1', '252') };
  const threshold = (await ask([required], undefined, year)).at('annual_return_geometric');
  return (await ask(less(excess, String(threshold)), 252)).at('omega_0');
}

async function downside(series: readonly string[], params: Params): Promise<unknown> {
  const mar = params['mar_per_period'] ?? '0';
  const periods = params.periods_per_year;
  if (mar.startsWith('series:')) {
    return (await ask(less(series, mar), periods)).at('downside_deviation_annual_mar_0');
  }
  return (await ask(without(series), periods, { mar })).at(`downside_deviation_annual_mar_${mar}`);
}

async function rollingSharpe(series: readonly string[], params: Params): Promise<unknown> {
  const size = params.window ?? 1;
  const windows = series.slice(size - 1).map((_value, i) => without(series.slice(i, i + size)));
  const answers = windows.map((window) =>
    ask(window, params.periods_per_year, { window: String(window.length) }),
  );
  return (await Promise.all(answers)).map((answer) => answer.at('rolling/0/sharpe_annual'));
}

const solvers: Readonly<Record<string, Solve>> = {
  cum_returns: async (series, params) => {
    const answer = await ask(filled(series), 252, { tables: true });
    const wealth = answer.at('wealth');
    const path = Array.isArray(wealth) ? wealth.map((value) => minus(String(value), '1')) : [];
    return Promise.all(path.map((value) => linkedFrom(value, params['starting_value'])));
  },
  cum_returns_final: async (series, params) =>
    linkedFrom((await ask(filled(series), 252)).at('total_return'), params['starting_value']),
  max_drawdown: async (series) => (await ask(filled(series), 252)).at('max_drawdown'),
  annual_return: async (series, params) =>
    (await ask(filled(series), params.periods_per_year)).at('annual_return_geometric'),
  annual_volatility: async (series, params) =>
    (await ask(without(series), params.periods_per_year)).at('volatility_annual'),
  calmar_ratio: async (series, params) =>
    (await ask(filled(series), params.periods_per_year)).at('calmar'),
  omega_ratio: omega,
  sharpe_ratio: async (series, params) =>
    (await ask(less(series, params['risk_free_per_period']), params.periods_per_year)).at(
      'sharpe_annual',
    ),
  downside_risk: downside,
  sortino_ratio: async (series, params) =>
    (await ask(less(series, params['mar_per_period']), params.periods_per_year)).at(
      'sortino_annual_mar_0',
    ),
  excess_sharpe: async (series, params) =>
    (await ask(less(series, params['benchmark']), 1)).at('sharpe_annual'),
  stability_of_timeseries: async (series) => (await ask(without(series), 252)).at('stability_r2'),
  tail_ratio: async (series) => (await ask(without(series), 252)).at('tail_ratio'),
  value_at_risk: async (series, params) => {
    const cutoff = params['cutoff'] ?? '';
    return (await ask(series, 252, { cutoff })).at(`var_${cutoff}`);
  },
  roll_max_drawdown: async (series, params) =>
    (await ask(filled(series), 252, { window: String(params.window) })).list(
      'rolling',
      'max_drawdown',
    ),
  roll_sharpe_ratio: rollingSharpe,
  aggregate_returns: async (series, params) => {
    const from = `${params['start']}T00:00:00Z`;
    const answer = await ask(series, 365, { from, step: 'day' });
    const table = params['to'] === 'iso_week' ? 'weeks' : `${params['to']}s`;
    return answer.list(table, 'return');
  },
};

withVectors('accepts: empyrical_stats.json', () => {
  const named = empyrical.cases.map((of, index): [string, EmpyricalCase] => [
    `${index} ${of.fn} of ${of.input}`,
    of,
  ]);
  test('every function of the table is asked for', () => {
    expect(named.length).toBe(101);
  });
  test.each(named)('%s', async (_name, of) => {
    const series = empyrical.series[of.input] ?? [];
    const found = [await solvers[of.fn]?.(series, of.params)].flat();
    const expected = [of.expected].flat();
    const recomputed = [of.recomputed].flat();
    expect(found).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) {
      if (/NaN|Infinity/.test(value)) {
        expect(found[i]).toBeNull();
        continue;
      }
      expect(within(found[i], value, digits(of.decimals + 1, 15n))).toBe(value);
      expect(within(found[i], recomputed[i] ?? '', digits(15))).toBe(recomputed[i]);
    }
  });
});

interface BaconTable {
  readonly portfolio: string[];
  readonly benchmark: string[];
  readonly metrics: { readonly metric: string; readonly recomputed: string }[];
}

const bacon = load<BaconTable>('bacon_portfolio.json', {
  portfolio: [],
  benchmark: [],
  metrics: [],
});

/**
 * The key that answers each metric. A figure per month is the annual one with 1 period in a year.
 */
const BACON_KEYS: Readonly<Record<string, string>> = {
  cumulative_return: 'total_return',
  annualized_return_geometric: 'annual_return_geometric',
  annualized_return_arithmetic: 'extended/annual_return_arithmetic',
  stdev_monthly_ddof1: 'monthly volatility_annual',
  stdev_annualized_ddof1: 'volatility_annual',
  stdev_annualized_ddof0: 'extended/volatility_annual_population',
  sharpe_monthly_rf0: 'monthly sharpe_annual',
  sharpe_annualized_arithmetic_rf0: 'sharpe_annual',
  sharpe_annualized_geometric_rf0: 'extended/sharpe_annual_geometric',
  'downside_deviation_MAR_0.005_full': 'monthly downside_deviation_annual_mar_0.005',
  downside_deviation_MAR_0_full: 'monthly downside_deviation_annual_mar_0',
  'downside_deviation_MAR_0.005_subset': 'extended/downside_deviation_of_losses_mar_0.005',
  'downside_potential_MAR_0.005': 'extended/downside_potential_mar_0.005',
  'downside_frequency_MAR_0.005': 'extended/downside_frequency_mar_0.005',
  'upside_frequency_MAR_0.005': 'extended/upside_frequency_mar_0.005',
  'sortino_MAR_0.005_per_month': 'monthly sortino_annual_mar_0.005',
  sortino_MAR_0_per_month: 'monthly sortino_annual_mar_0',
  'upside_risk_MAR_0.005': 'extended/upside_risk_mar_0.005',
  'upside_variance_MAR_0.005': 'extended/upside_variance_mar_0.005',
  'upside_potential_MAR_0.005': 'extended/upside_potential_mar_0.005',
  omega_L0: 'omega_0',
  'omega_L_0.005': 'extended/omega_mar_0.005',
  'omega_sharpe_MAR_0.005': 'extended/omega_sharpe_mar_0.005',
  max_drawdown: 'max_drawdown',
  calmar: 'calmar',
  sterling_excess_10pct: 'extended/sterling_excess_10pct',
  ulcer_index: 'extended/ulcer_index',
  pain_index: 'extended/pain_index',
  martin_ratio: 'extended/martin_ratio',
  pain_ratio: 'extended/pain_ratio',
  mean_absolute_deviation: 'extended/mean_absolute_deviation',
  skewness_population: 'skew_population',
  kurtosis_excess_population: 'extended/kurtosis_excess_population',
  kurtosis_sample: 'extended/kurtosis_sample',
  kurtosis_sample_excess: 'extended/kurtosis_excess_sample',
  adjusted_sharpe: 'extended/sharpe_annual_adjusted',
  adjusted_sharpe_geometric: 'extended/sharpe_annual_geometric_adjusted',
  var_historical_95: 'var_0.05',
  es_historical_95_mean_of_below_var: 'cvar_0.05',
  beta: 'benchmark/beta',
  alpha_monthly: 'benchmark/alpha_period',
  tracking_error_annualized: 'benchmark/tracking_error_annual',
  information_ratio: 'benchmark/information_ratio',
  jensen_alpha_annual: 'benchmark/alpha_jensen_annual',
  bernardo_ledoit: 'profit_factor',
  d_ratio: 'extended/d_ratio_mar_0',
  'volatility_skewness_MAR_0.005': 'extended/volatility_skewness_mar_0.005',
  'variability_skewness_MAR_0.005': 'extended/variability_skewness_mar_0.005',
};

withVectors('accepts: bacon_portfolio.json', () => {
  test.each(bacon.metrics)('$metric', async ({ metric, recomputed }) => {
    const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
    const benchmark = join(folder, 'benchmark.json');
    writeFileSync(benchmark, JSON.stringify({ returns: bacon.benchmark }));
    const [key = '', monthly] = (BACON_KEYS[metric] ?? '').split(' ').toReversed();
    const options = { mar: '0.005', tables: true, benchmark };
    const answer = await ask(bacon.portfolio, monthly === undefined ? 12 : 1, options);
    rmSync(folder, { recursive: true });
    // The table writes drawdown as a positive number, here it is a return.
    const expected = metric === 'max_drawdown' ? `-${recomputed}` : recomputed;
    expect(within(answer.at(key), expected, relative(12, expected))).toBe(expected);
  });
});

interface PerformanceTable {
  readonly drawdown_cases: { accumulated_returns: string[]; recomputed: string }[];
  readonly volatility_cases: {
    returns: string[];
    recomputed_std?: string;
    recomputed_semi?: string;
  }[];
  readonly ttwror_cases: {
    name: string;
    start: string;
    recomputed?: { return: string; accumulated: string }[];
    expected_weekly?: Record<string, string>;
  }[];
}

const performance = load<PerformanceTable>('portfolio_performance.json', {
  drawdown_cases: [],
  volatility_cases: [],
  ttwror_cases: [],
});

withVectors('accepts: portfolio_performance.json', () => {
  test.each(performance.drawdown_cases)('drawdown $recomputed', async (of) => {
    const answer = await ask(returnsOf(of.accumulated_returns), 365);
    const expected = of.recomputed === '0' ? '0' : `-${of.recomputed}`;
    expect(within(answer.at('max_drawdown'), expected, digits(15))).toBe(expected);
  });

  test.each(performance.volatility_cases)('volatility $recomputed_std', async (of) => {
    const fractions = of.returns.map((value) => {
      const [numerator = '', denominator] = value.split('/');
      return denominator === undefined ? value : over(numerator, denominator);
    });
    const answer = await ask(fractions, 365, { tables: true });
    const [std, semi] = ['log_deviation_whole_period', 'log_semi_deviation_whole_period'].map(
      (key) => answer.at(`extended/${key}`),
    );
    if (of.returns.length < 2) {
      // The source says 0; the table recommends null.
      expect([std, semi]).toEqual([null, null]);
      return;
    }
    const [stdExpected, semiExpected] = [of.recomputed_std ?? '0', of.recomputed_semi ?? '0'];
    expect(within(std, stdExpected, digits(15))).toBe(stdExpected);
    expect(within(semi, semiExpected, digits(15))).toBe(semiExpected);
  });

  test('daily returns link to the accumulated and the weekly ones', async () => {
    const sample = performance.ttwror_cases.find((of) => of.name === 'excel_sample');
    const rows = sample?.recomputed ?? [];
    const from = `${sample?.start}T00:00:00Z`;
    const days = rows.map((row) => row.return);
    const answer = await ask(days, 365, { tables: true, from, step: 'day' });
    expect(rows).toHaveLength(9);
    for (const [i, row] of rows.entries()) {
      const linked = minus(String(answer.at(`wealth/${i}`)), '1');
      expect(within(linked, row.accumulated, digits(15))).toBe(row.accumulated);
    }
    // The table names a week by its Sunday, this verb by its Monday.
    expect(answer.list('weeks', 'key')).toEqual(['2011-12-26', '2012-01-02']);
    const [first, second] = answer.list('weeks', 'return');
    const weekly = sample?.expected_weekly ?? {};
    expect(within(first, weekly['2012-01-01'] ?? '', digits(6))).toBe(weekly['2012-01-01']);
    expect(within(second, weekly['2012-01-08'] ?? '', digits(6))).toBe(weekly['2012-01-08']);
  });
});

interface RoiCase {
  readonly name: string;
  readonly begin: string;
  readonly end_exclusive: string;
  readonly recomputed: { window_returns: string[]; twr_period: string; twr_year: string };
}

const roi = load<{ cases: RoiCase[] }>('hledger_roi.json', { cases: [] });

withVectors('accepts: hledger_roi.json', () => {
  test.each(roi.cases)('$name links its windows, annual on 365.25 days', async (of) => {
    const { window_returns: windows, twr_period: period, twr_year: year } = of.recomputed;
    const days = (Date.parse(of.end_exclusive) - Date.parse(of.begin)) / DAY_MS;
    const rest = Array.from({ length: days - windows.length }, () => '0');
    const options = { 'periods-per-year': '365.25' };
    const answer = await ask([...windows, ...rest], undefined, options);
    expect(within(answer.at('total_return'), period, digits(12))).toBe(period);
    expect(within(answer.at('annual_return_geometric'), year, digits(12))).toBe(year);
  });
});

interface Example {
  readonly id: string;
  readonly inputs: { subperiod_returns?: string[] };
  readonly recomputed: { twr?: string; nav?: string[]; roi?: string[] };
}

const published = load<{ examples: Example[] }>('published.json', { examples: [] });

withVectors('accepts: published.json', () => {
  const linked = published.examples.filter((of) => of.inputs.subperiod_returns !== undefined);
  test.each(linked)('$id', async (of) => {
    const answer = await ask(of.inputs.subperiod_returns ?? [], 365);
    expect(within(answer.at('total_return'), of.recomputed.twr ?? '', digits(15))).toBe(
      of.recomputed.twr,
    );
  });

  test('unit values of a lead portfolio', async () => {
    const of = published.examples.find(({ id }) => id === 'binance_lead_portfolio_nav');
    const answer = await ask(returnsOf(of?.recomputed.roi ?? []), 365, { tables: true });
    for (const [i, nav] of (of?.recomputed.nav ?? ['missing']).entries()) {
      expect(within(answer.at(`wealth/${i}`), nav, digits(15))).toBe(nav);
    }
  });
});
