// A list of returns beside that of a benchmark over the same periods: ordinary least squares
// without a risk-free rate, and what is left over. Captures compare sums of returns over the
// benchmark's rising or falling periods.

import type { Decimal } from '@track-record/ledger';
import { combine, quotient, type Figure, type FigureTable, type Reason } from './figures.ts';
import { fixedOf, multiply, ratio, signedRoot } from './fixed-point.ts';
import { deviationsOf, item, lessThreshold, total, volatility, type Series } from './series.ts';
import { annualReturn, ofWealth, wealthOf } from './wealth.ts';

/** Both lists have the same length; the caller has refused others. */
export function benchmarkTable(returns: Series, benchmark: Series, year: Decimal): FigureTable {
  const own = deviationsOf(returns);
  const other = deviationsOf(benchmark);
  const products = own.deviations.map((value, i) => value * item(other.deviations, i));
  const shared = total(products);
  const flat = own.second === 0n || other.second === 0n;
  const beta = (): Figure =>
    other.second === 0n ? 'zero_variance' : ratio(shared * other.spread, other.second * own.spread);
  const correlation = (): Figure =>
    flat ? 'zero_variance' : signedRoot(shared, shared * shared, own.second * other.second);
  const means = [ratio(own.sum, own.spread), ratio(other.sum, other.spread)];
  const alpha = (): Figure =>
    combine([beta(), ...means], (slope, mean, base) => mean - multiply(slope, base));
  const annual = [annualOf(returns, year), annualOf(benchmark, year)];
  const error = (): Figure => volatility(deviationsOf(lessThreshold(returns, benchmark)), year);
  return {
    beta,
    correlation,
    alpha_period: alpha,
    alpha_annual: () => combine([alpha()], (value) => multiply(value, fixedOf(year))),
    alpha_jensen_annual: () =>
      combine([beta(), ...annual], (slope, gain, base) => gain - multiply(slope, base)),
    tracking_error_annual: error,
    information_ratio: () =>
      quotient(
        combine(annual, (gain, base) => gain - base),
        error(),
        'zero_variance',
      ),
    up_capture: () => capture(returns, benchmark, 1n, 'no_gains'),
    down_capture: () => capture(returns, benchmark, -1n, 'no_losses'),
  };
}

function annualOf(returns: Series, year: Decimal): Figure {
  return ofWealth(wealthOf(returns), (wealth) => annualReturn(wealth, year));
}

function capture(returns: Series, benchmark: Series, side: bigint, none: Reason): Figure {
  const chosen = (_value: bigint, i: number): boolean => item(benchmark.values, i) * side > 0n;
  const base = total(benchmark.values.filter(chosen));
  if (base === 0n) return none;
  const own = total(returns.values.filter(chosen));
  return ratio(own * benchmark.unit, base * returns.unit);
}
