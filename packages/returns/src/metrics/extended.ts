// Further figures that practitioners publish under several definitions; each key says which one
// this is. Per period unless the key says annual; definitions as in Bacon, Practical Portfolio
// Performance Measurement and Attribution, 2nd ed., and, for logarithmic returns, as in Portfolio
// Performance's risk page (whole period).

import { parseDecimal, type Decimal } from '@track-record/ledger';
import { combine, quotient, type Figure, type FigureTable, type Reason } from './figures.ts';
import { fixedOf, ln, multiply, ONE, ratio, signedRoot } from './fixed-point.ts';
import type { Fixed } from './fixed-point.ts';
import {
  deviationsOf,
  excessKurtosis,
  lessThreshold,
  sharpe,
  sidesOf,
  skewness,
  total,
  volatility,
  type Deviations,
  type Series,
} from './series.ts';
import {
  annualReturn,
  drawdownPath,
  maxDrawdown,
  ofWealth,
  wealthOf,
  type Wealth,
} from './wealth.ts';

/** Sterling's excess drawdown, by definition 10 %. */
const STERLING_EXCESS = fixedOf(parseDecimal('0.1'));

export function extendedTable(
  returns: Series,
  year: Decimal,
  mars: Readonly<Record<string, Decimal>>,
): FigureTable {
  const wealth = wealthOf(returns);
  const perMar = Object.entries(mars).map(([name, mar]) => marTable(returns, name, mar));
  return {
    ...momentTable(deviationsOf(returns), year),
    ...pathTable(wealth, deviationsOf(returns), year),
    ...Object.assign({}, ...perMar),
  };
}

function momentTable(of: Deviations, year: Decimal): FigureTable {
  const count = of.count;
  const absolute = total(of.deviations.map((value) => (value < 0n ? -value : value)));
  const yearUnit = 10n ** BigInt(year.scale);
  const sampleKurtosis = (): Figure => {
    if (count < 4n) return 'n<4';
    if (of.second === 0n) return 'zero_variance';
    const scaled = count * (count + 1n) * (count - 1n) * of.fourth;
    return ratio(scaled, (count - 2n) * (count - 3n) * of.second * of.second);
  };
  const normal = (): Fixed => ratio(3n * (count - 1n) ** 2n, (count - 2n) * (count - 3n));
  return {
    annual_return_arithmetic: () => ratio(of.sum * year.mantissa, of.spread * yearUnit),
    volatility_annual_population: () =>
      signedRoot(1n, of.second * year.mantissa, count * of.spread * of.spread * yearUnit),
    mean_absolute_deviation: () => ratio(absolute, count * of.spread),
    kurtosis_excess_population: () => excessKurtosis(of),
    kurtosis_sample: sampleKurtosis,
    kurtosis_excess_sample: () => combine([sampleKurtosis()], (value) => value - normal()),
  };
}

function pathTable(wealth: Wealth | Reason, of: Deviations, year: Decimal): FigureTable {
  const linked = (formula: (wealth: Wealth) => Figure) => (): Figure => ofWealth(wealth, formula);
  const annual = linked((value) => annualReturn(value, year));
  const depths = (value: Wealth): readonly Fixed[] => drawdownPath(value.path);
  const ulcer = linked((value) => {
    const squares = total(depths(value).map((depth) => depth * depth));
    return signedRoot(1n, squares, BigInt(value.path.length) * ONE * ONE);
  });
  const pain = linked((value) => ratio(-total(depths(value)), BigInt(value.path.length) * ONE));
  const sterling = linked((value) => STERLING_EXCESS - maxDrawdown(value));
  const adjusted = (ratioAnnual: Figure): Figure =>
    combine([ratioAnnual, skewness(of), excessKurtosis(of)], (value, skew, kurtosis) => {
      const bend = multiply(skew, value) / 6n - multiply(multiply(kurtosis, value), value) / 24n;
      return multiply(value, ONE + bend);
    });
  const geometric = (): Figure => quotient(annual(), volatility(of, year), 'zero_variance');
  return {
    sharpe_annual_geometric: geometric,
    sharpe_annual_adjusted: () => adjusted(sharpe(of, year)),
    sharpe_annual_geometric_adjusted: () => adjusted(geometric()),
    sterling_excess_10pct: () => quotient(annual(), sterling(), 'no_drawdown'),
    ulcer_index: ulcer,
    pain_index: pain,
    martin_ratio: () => quotient(annual(), ulcer(), 'no_drawdown'),
    pain_ratio: () => quotient(annual(), pain(), 'no_drawdown'),
    log_deviation_whole_period: linked((value) => logDeviation(value, () => true)),
    log_semi_deviation_whole_period: linked((value) => logDeviation(value, (x) => x < 0n)),
  };
}

/**
 * Partial moments about a minimum acceptable return, over all returns where the key does not say
 * otherwise.
 */
function marTable(returns: Series, name: string, mar: Decimal): FigureTable {
  const sides = sidesOf(lessThreshold(returns, mar));
  const count = BigInt(returns.values.length);
  const { gains, gainsCount, gainsSquared, losses, lossesCount, lossesSquared, unit } = sides;
  const square = unit * unit;
  const overLosses = (over: bigint, under: bigint) => (): Figure =>
    under === 0n ? 'no_losses' : ratio(over, under);
  const table: FigureTable = {
    downside_potential: () => ratio(losses, count * unit),
    downside_frequency: () => ratio(lossesCount, count),
    downside_deviation_of_losses: () =>
      losses === 0n ? 'no_losses' : signedRoot(1n, lossesSquared, lossesCount * square),
    upside_potential: () => ratio(gains, count * unit),
    upside_frequency: () => ratio(gainsCount, count),
    upside_risk: () => signedRoot(1n, gainsSquared, count * square),
    upside_variance: () => ratio(gainsSquared, count * square),
    omega: overLosses(gains, losses),
    omega_sharpe: overLosses(gains - losses, losses),
    d_ratio: () => (gains === 0n ? 'no_gains' : ratio(lossesCount * losses, gainsCount * gains)),
    volatility_skewness: overLosses(gainsSquared, lossesSquared),
    variability_skewness: () =>
      losses === 0n ? 'no_losses' : signedRoot(1n, gainsSquared, lossesSquared),
  };
  return Object.fromEntries(
    Object.entries(table).map(([key, compute]) => [`${key}_mar_${name}`, compute]),
  );
}

/**
 * Root of n / (n - 1) times the squared deviations of ln(1 + r) from their mean that are chosen.
 */
function logDeviation(wealth: Wealth, chosen: (deviation: bigint) => boolean): Figure {
  if (wealth.ruined) return 'ruined';
  const logs = deviationsOf({ values: wealth.factors.map(ln), unit: ONE });
  if (logs.count < 2n) return 'n<2';
  const squares = total(logs.deviations.filter(chosen).map((value) => value * value));
  return signedRoot(1n, squares * logs.count, (logs.count - 1n) * logs.spread * logs.spread);
}
