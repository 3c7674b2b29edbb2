// What 1 becomes when the returns are linked, and how far it fell from its peaks. The starting 1 is
// a peak, so a loss in the first period is a drawdown. A return of -1 or less is ruin: wealth stays
// where it fell, because nothing links across ruin. Instants are numbered by the periods completed:
// 0 is the instant before the first.

import type { Decimal } from '@track-record/ledger';
import type { Figure, Reason } from './figures.ts';
import { exp, fixedOf, ln, ONE, ratio, type Fixed } from './fixed-point.ts';
import { factorsOf, item, total, type Series } from './series.ts';

/**
 * The range of a double, which is what a reader of the figures can hold; ten-fold leverage never
 * gets near.
 */
const WEALTH_MAX = ONE * 10n ** 300n;

export interface Wealth {
  /** 1 + r of every period. */
  readonly factors: readonly Fixed[];
  /** Wealth after 1, 2, … n periods. */
  readonly path: readonly Fixed[];
  readonly ruined: boolean;
}

export interface Drawdown {
  /** Trough over peak less 1: negative. */
  readonly depth: Fixed;
  readonly start: number;
  readonly trough: number;
  /** The first instant at or above the peak again; null while it lasts. */
  readonly recovery: number | null;
}

/** Linked wealth, or why there is none. */
export function wealthOf(series: Series): Wealth | Reason {
  if (series.values.length === 0) return 'no_returns';
  const factors = factorsOf(series);
  const path: Fixed[] = [];
  let wealth = ONE;
  let ruined = false;
  for (const factor of factors) {
    if (!ruined) wealth = ratio(wealth * factor, ONE * ONE);
    if (wealth > WEALTH_MAX) return 'too_large';
    ruined ||= factor <= 0n;
    path.push(wealth);
  }
  return { factors, path, ruined };
}

/** A figure of linked wealth, or the reason why there is none. */
export function ofWealth(wealth: Wealth | Reason, formula: (wealth: Wealth) => Figure): Figure {
  return typeof wealth === 'string' ? wealth : formula(wealth);
}

export function totalReturn(wealth: Wealth): Fixed {
  return item(wealth.path, wealth.path.length - 1) - ONE;
}

/** wealth^(f / n) - 1 with n periods seen and f of them in a year. */
export function annualReturn(wealth: Wealth, year: Decimal): Figure {
  if (wealth.ruined) return totalReturn(wealth) < -ONE ? 'ruined' : -ONE;
  const growth = total(wealth.factors.map(ln));
  const power = (growth * fixedOf(year)) / (BigInt(wealth.path.length) * ONE);
  return power > ln(WEALTH_MAX) ? 'too_large' : exp(power) - ONE;
}

/** Wealth over its highest value so far, less 1, at every instant. */
export function drawdownPath(path: readonly Fixed[]): readonly Fixed[] {
  let peak = ONE;
  return path.map((wealth) => {
    if (wealth > peak) peak = wealth;
    return ratio(wealth - peak, peak);
  });
}

/** The deepest fall from a peak: 0 or negative. */
export function maxDrawdown(wealth: Wealth): Fixed {
  return drawdownPath(wealth.path).reduce((worst, depth) => (depth < worst ? depth : worst), 0n);
}

/** Every stretch below a peak, deepest first and the earlier first among equals. */
export function drawdowns(path: readonly Fixed[]): readonly Drawdown[] {
  const found: Drawdown[] = [];
  let open: Drawdown | null = null;
  for (const [index, depth] of drawdownPath(path).entries()) {
    const instant = index + 1;
    if (depth < 0n) {
      open ??= { depth: 0n, start: index, trough: instant, recovery: null };
      if (depth < open.depth) open = { ...open, depth, trough: instant };
    } else if (open !== null) {
      found.push({ ...open, recovery: instant });
      open = null;
    }
  }
  if (open !== null) found.push(open);
  return found.toSorted((left, right) =>
    left.depth < right.depth ? -1 : left.depth > right.depth ? 1 : 0,
  );
}

/**
 * R squared of the straight line through the logarithms of wealth: 1 is perfectly steady growth or
 * loss.
 */
export function stability(wealth: Wealth): Figure {
  if (wealth.ruined) return 'ruined';
  const count = BigInt(wealth.factors.length);
  if (count < 2n) return 'n<2';
  let logarithm = 0n;
  const logarithms = wealth.factors.map((factor) => (logarithm += ln(factor)));
  // Sum of index^2 less its mean's part, times the count: count^2 (count^2 - 1) / 12.
  const indexSquares = (count * count * (count * count - 1n)) / 12n;
  const sum = total(logarithms);
  const squares = count * total(logarithms.map((value) => value * value)) - sum * sum;
  if (squares === 0n) return 'zero_variance';
  const indexSum = (count * (count - 1n)) / 2n;
  const products = total(logarithms.map((value, index) => value * BigInt(index)));
  const shared = count * products - indexSum * sum;
  return ratio(shared * shared, indexSquares * squares);
}
