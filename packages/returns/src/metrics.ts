// Figures of a list of returns per period, as defined in the reference on returns, section 4: how
// much, how unsteady, how deep, how lopsided. Whether there are enough periods for a figure to mean
// something is for the reader to judge. Decimals in, decimals out, bit for bit the same on every
// machine; the list is untrusted.
//
// Where the reference and the recorded tables differ, the tables hold: the annual return is given
// for any number of periods (the reference would leave it undefined below one year, as GIPS does).
// Profit factor and omega at 0 are one ratio, but omega needs two returns. Calmar is over the whole
// list, not 36 months.

import { RecordError } from '@track-record/errors';
import { parseDecimal, ZERO, type Decimal } from '@track-record/ledger';
import { combine, formatFigures } from './metrics/figures.ts';
import type { Figure, Figures, FigureTable } from './metrics/figures.ts';
import { ratio, signedRoot } from './metrics/fixed-point.ts';
import * as series from './metrics/series.ts';
import type { Series } from './metrics/series.ts';
import {
  annualReturn,
  maxDrawdown,
  ofWealth,
  stability,
  totalReturn,
  wealthOf,
} from './metrics/wealth.ts';

export { benchmarkTable } from './metrics/benchmark.ts';
export {
  linkByCalendar,
  rollingFigures,
  timedReturns,
  type LinkedReturn,
} from './metrics/calendar.ts';
export { extendedTable } from './metrics/extended.ts';
export { decimalOf, formatFixed } from './metrics/fixed-point.ts';
export { formatFigures, type Figure, type Figures } from './metrics/figures.ts';
export { deviationsOf, seriesOf, sharpe, type Series } from './metrics/series.ts';
export { bootstrap, significanceTable, TRIALS_MAX } from './metrics/significance.ts';
export { drawdowns, ofWealth, totalReturn, wealthOf } from './metrics/wealth.ts';

/** A hundred years of hours: a bound on the work that one list can cause. */
const RETURNS_MAX = 876_600;
/** Minutes in a leap year: nothing finer is measured. */
const PERIODS_PER_YEAR_MAX = 527_040n;
const CUTOFFS = { '0.05': parseDecimal('0.05'), '0.01': parseDecimal('0.01') };
const UPPER_TAIL = parseDecimal('0.95');

export interface MetricsInput {
  readonly returns: Series;
  readonly periodsPerYear: Decimal;
  /** Further minimum acceptable returns per period, by the text that names each in the keys. */
  readonly mars?: Readonly<Record<string, Decimal>>;
  /** Further cut-offs from 0 to 1 for value at risk, by the text that names each in the keys. */
  readonly cutoffs?: Readonly<Record<string, Decimal>>;
}

/**
 * Reads a list of decimal strings; anything else is RETURNS_INPUT_MALFORMED, with the place of the
 * fault.
 */
export function parseReturns(list: unknown, place: string): Series {
  if (!Array.isArray(list) || list.length > RETURNS_MAX) throw malformed(place);
  return series.seriesOf(
    list.map((value: unknown, index) => parseNumber(value, `${place}[${index}]`)),
  );
}

/**
 * Reads the number of periods in a year: a JSON integer or a decimal string, above 0, no finer than
 * minutes.
 */
export function parsePeriodsPerYear(value: unknown, place: string): Decimal {
  const text = typeof value === 'number' && value % 1 === 0 ? value.toString() : value;
  const periods = parseNumber(text, place);
  const most = PERIODS_PER_YEAR_MAX * 10n ** BigInt(periods.scale);
  if (periods.mantissa <= 0n || periods.mantissa > most) throw malformed(place);
  return periods;
}

/** Every figure of the documented list. */
export function computeMetrics(input: MetricsInput): Figures {
  return formatFigures(input.returns.values.length, metricsTable(input));
}

function metricsTable(input: MetricsInput): FigureTable {
  const { returns, periodsPerYear: year, mars, cutoffs } = input;
  const deviations = series.deviationsOf(returns);
  const sides = series.sidesOf(returns);
  const wealth = wealthOf(returns);
  const annual = (): Figure => ofWealth(wealth, (linked) => annualReturn(linked, year));
  const depth = (): Figure => ofWealth(wealth, maxDrawdown);
  const profitFactor = (): Figure =>
    sides.losses === 0n ? 'no_losses' : ratio(sides.gains, sides.losses);
  const decided = sides.gainsCount + sides.lossesCount;
  const ascending = series.ascending(returns);
  return {
    total_return: () => ofWealth(wealth, totalReturn),
    annual_return_geometric: annual,
    volatility_annual: () => series.volatility(deviations, year),
    sharpe_annual: () => series.sharpe(deviations, year),
    ...downsideTable(returns, year, { '0': ZERO, ...mars }),
    max_drawdown: depth,
    calmar: () =>
      combine([annual(), depth()], (gain, fall) =>
        fall === 0n ? 'no_drawdown' : ratio(gain, -fall),
      ),
    omega_0: () => (deviations.count < 2n ? 'n<2' : profitFactor()),
    profit_factor: profitFactor,
    win_rate_nonzero: () =>
      decided === 0n ? 'no_nonzero_returns' : ratio(sides.gainsCount, decided),
    ...tailTable(ascending, { ...CUTOFFS, ...cutoffs }),
    stability_r2: () => ofWealth(wealth, stability),
    best: () => ratio(series.item(ascending.values, ascending.values.length - 1), returns.unit),
    worst: () => ratio(series.item(ascending.values, 0), returns.unit),
    skew_population: () => series.skewness(deviations),
  };
}

/**
 * Downside deviation over all returns, not the losing ones only; Sortino is over the same
 * deviation.
 */
function downsideTable(
  returns: Series,
  year: Decimal,
  mars: Readonly<Record<string, Decimal>>,
): FigureTable {
  const count = BigInt(returns.values.length);
  const yearUnit = 10n ** BigInt(year.scale);
  const entries = Object.entries(mars).flatMap(([name, mar]): [string, () => Figure][] => {
    const excess = series.lessThreshold(returns, mar);
    const sum = series.total(excess.values);
    const { unit, lossesSquared } = series.sidesOf(excess);
    const deviation = (): Figure =>
      signedRoot(1n, lossesSquared * year.mantissa, count * unit * unit * yearUnit);
    const sortino = (): Figure => {
      if (count < 2n) return 'n<2';
      if (lossesSquared === 0n) return 'no_losses';
      return signedRoot(sum, sum * sum * year.mantissa, count * lossesSquared * yearUnit);
    };
    return [
      [`downside_deviation_annual_mar_${name}`, deviation],
      [`sortino_annual_mar_${name}`, sortino],
    ];
  });
  return Object.fromEntries(entries);
}

/** Historical value at risk and its expected shortfall: returns, so a loss is negative. */
function tailTable(ascending: Series, cutoffs: Readonly<Record<string, Decimal>>): FigureTable {
  const entries = Object.entries(cutoffs).flatMap(([name, cutoff]): [string, () => Figure][] => {
    const value = (): Figure => series.percentile(ascending, cutoff);
    return [
      [`var_${name}`, value],
      [`cvar_${name}`, () => series.worstMean(ascending, cutoff)],
    ];
  });
  const tails = (): Figure => {
    const low = series.percentile(ascending, CUTOFFS['0.05']);
    const high = series.percentile(ascending, UPPER_TAIL);
    if (low === 0n) return 'zero_percentile';
    return ratio(high < 0n ? -high : high, low < 0n ? -low : low);
  };
  return { ...Object.fromEntries(entries), tail_ratio: tails };
}

function parseNumber(value: unknown, place: string): Decimal {
  if (typeof value !== 'string') throw malformed(place);
  try {
    return parseDecimal(value);
  } catch (cause) {
    throw new RecordError('RETURNS_INPUT_MALFORMED', { place, cause });
  }
}

function malformed(place: string): RecordError {
  return new RecordError('RETURNS_INPUT_MALFORMED', { place });
}
