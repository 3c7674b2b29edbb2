// What a figure is: a number, or the reason why it is not defined; never Infinity, 0 or -100 in its
// place.

import { formatFixed, ratio, type Fixed } from './fixed-point.ts';

/** Why a figure has no value. */
export type Reason =
  | 'no_returns'
  | 'n<2'
  | 'n<4'
  | 'zero_variance'
  | 'no_losses'
  | 'no_gains'
  | 'no_nonzero_returns'
  | 'no_drawdown'
  | 'zero_percentile'
  | 'ruined'
  | 'too_large';

export type Figure = Fixed | Reason;

/** Figures by key, each computed when it is asked for. */
export type FigureTable = Readonly<Record<string, () => Figure>>;

/** Decimal strings by key; an undefined figure is null and has its reason under the same key. */
export interface Figures {
  readonly values: Readonly<Record<string, string | null>>;
  readonly reasons: Readonly<Record<string, Reason>>;
}

/** Computes and writes each figure of a table; without a return (`count` 0) none has a value. */
export function formatFigures(count: number, table: FigureTable): Figures {
  const values: Record<string, string | null> = {};
  const reasons: Record<string, Reason> = {};
  for (const [key, compute] of Object.entries(table)) {
    const figure = count === 0 ? 'no_returns' : compute();
    values[key] = typeof figure === 'string' ? null : formatFixed(figure);
    if (typeof figure === 'string') reasons[key] = figure;
  }
  return { values, reasons };
}

/** A figure made of others: the first reason among them is its reason. */
export function combine(parts: readonly Figure[], formula: (...values: Fixed[]) => Figure): Figure {
  const reason = parts.find((part) => typeof part === 'string');
  return reason ?? formula(...parts.filter((part) => typeof part === 'bigint'));
}

/** left / right, or `reason` when right is zero. */
export function quotient(left: Figure, right: Figure, reason: Reason): Figure {
  return combine([left, right], (over, under) => (under === 0n ? reason : ratio(over, under)));
}
