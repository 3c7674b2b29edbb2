// How much of a Sharpe ratio may be luck. Probabilistic Sharpe: the probability that the true ratio
// is above 0, given length, skew and tails (Bailey and Lopez de Prado, The Sharpe Ratio Efficient
// Frontier, 2012). Deflated: above the ratio that the best of `trials` worthless records is
// expected to show (The Deflated Sharpe Ratio, 2014), with the ratio's own sampling variance as the
// variance across trials. Bootstrap: blocks of consecutive returns are drawn again, so that
// neighbours stay neighbours (circular block bootstrap, Politis and Romano 1992).

import type { Decimal } from '@track-record/ledger';
import { combine, type Figure, type FigureTable, type Reason } from './figures.ts';
import { exp, multiply, normalDistribution, normalQuantile, ONE, ratio } from './fixed-point.ts';
import { signedRoot, type Fixed } from './fixed-point.ts';
import {
  autocorrelation,
  deviationsOf,
  excessKurtosis,
  sharpe,
  skewness,
  type Series,
} from './series.ts';

/** Euler's constant, OEIS A001620, to the scale. */
const EULER_GAMMA: Fixed = 57721566490153286060651209008240243104215933593992n;
/** The quantile is exact below 1 - 10^-12, and nobody has connected more accounts. */
export const TRIALS_MAX = 1_000_000_000_000n;
const PER_PERIOD: Decimal = { mantissa: 1n, scale: 0 };
/** The step and mixing constants of mulberry32, a 32-bit generator: integer operations only. */
const STEP = 0x6d2b79f5;

export interface Interval {
  readonly low: Figure;
  readonly high: Figure;
  /** Samples in which the figure is defined; the interval is over these. */
  readonly samples: number;
}

export interface BootstrapPlan {
  readonly samples: number;
  /** The same seed draws the same samples, so the interval can be recomputed. */
  readonly seed: number;
  /** Share of samples left out at each end, as 1 over this: 40 gives a 95 % interval. */
  readonly tail: number;
}

/** `trials` counts every account ever connected, closed and hidden ones too; at least 1. */
export function significanceTable(returns: Series, trials: bigint): FigureTable {
  const score = (): Figure => sharpeScore(returns);
  return {
    autocorrelation_lag1: () => autocorrelation(deviationsOf(returns)),
    probabilistic_sharpe: () => combine([score()], normalDistribution),
    deflated_sharpe: () =>
      combine([score()], (value) => normalDistribution(value - expectedBest(trials))),
  };
}

/** A percentile interval of a figure over resampled lists of the same length. */
export function bootstrap(
  returns: Series,
  figure: (sample: Series) => Figure,
  plan: BootstrapPlan,
): Interval {
  const draw = mulberry32(plan.seed);
  const count = returns.values.length;
  const block = blockLength(count);
  const found: Fixed[] = [];
  let reason: Reason = 'no_returns';
  for (let sample = 0; sample < plan.samples && count > 0; sample += 1) {
    const result = figure({ values: resample(returns.values, block, draw), unit: returns.unit });
    if (typeof result === 'string') reason = result;
    else found.push(result);
  }
  found.sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  const cut = Math.floor(found.length / plan.tail);
  return {
    low: found[cut] ?? reason,
    high: found[found.length - 1 - cut] ?? reason,
    samples: found.length,
  };
}

/** The Sharpe ratio per period in units of its standard error. */
function sharpeScore(returns: Series): Figure {
  const deviations = deviationsOf(returns);
  const parts = [sharpe(deviations, PER_PERIOD), skewness(deviations), excessKurtosis(deviations)];
  return combine(parts, (value, skew, kurtosis) => {
    const curved = multiply(multiply(kurtosis + 2n * ONE, value), value) / 4n;
    const variance = ONE - multiply(skew, value) + curved;
    if (variance <= 0n) return 'zero_variance';
    return signedRoot(value, value * value * (deviations.count - 1n), variance * ONE);
  });
}

/** Expected maximum of `trials` standard normal scores. */
function expectedBest(trials: bigint): Fixed {
  if (trials === 1n) return 0n;
  const first = normalQuantile(ONE - ratio(1n, trials));
  const second = normalQuantile(ONE - multiply(ratio(1n, trials), exp(-ONE)));
  return multiply(ONE - EULER_GAMMA, first) + multiply(EULER_GAMMA, second);
}

function resample(values: readonly bigint[], block: number, draw: () => number): bigint[] {
  const sample: bigint[] = [];
  const circle = [...values, ...values.slice(0, block)];
  while (sample.length < values.length) {
    const start = draw() % values.length;
    sample.push(...circle.slice(start, start + block));
  }
  return sample.slice(0, values.length);
}

/**
 * The cube root of the length, rounded down: the order that keeps the bias of a block bootstrap
 * small.
 */
function blockLength(count: number): number {
  let length = 1;
  while ((length + 1) ** 3 <= count) length += 1;
  return length;
}

/** Uniform 32-bit integers; taken modulo a length below a million the bias is below 1 in 4,000. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + STEP) | 0;
    const first = Math.imul(state ^ (state >>> 15), state | 1);
    const second = first ^ (first + Math.imul(first ^ (first >>> 7), first | 61));
    return (second ^ (second >>> 14)) >>> 0;
  };
}
