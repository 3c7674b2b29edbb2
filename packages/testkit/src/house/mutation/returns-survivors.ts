// Why mutants of the room returns may live.

import { BEFORE_READ, BELOW_DIGITS, SAME_ORDER, SAME_SCALE, type Excuse } from './excuse.ts';

export const RETURNS_EXCUSES: readonly Excuse[] = [
  {
    path: 'returns/src/hour-replay.ts',
    before: /^-1$/,
    text: /#(?:at|inflowAt) = -1/,
    reason: 'equivalent: the beginning of an instant sets it again before it is read',
  },
  {
    path: 'returns/src/hour-replay.ts',
    before: /overdrawn\.size > 0$/,
    reason: 'equivalent: where nothing is overdrawn there is nothing to look at',
  },
  {
    path: 'returns/src/hour-replay.ts',
    before: /^sign\(add|^0$|^isBelow &&/,
    after: /<= 0$|^1$|\|\|/,
    text: /isBelow/,
    reason: 'equivalent: a run that is taken apart in vain gives the same hours',
  },
  {
    path: 'returns/src/hour-replay.ts',
    before: /\?\? gain$/,
    reason: 'equivalent: it is read by an assertion only, which holds either way',
  },
  {
    path: 'returns/src/hours.ts',
    before: /^0$/,
    text: /let since = 0/,
    reason: 'equivalent: no hour begins within a millisecond of 1970',
  },
  {
    path: 'returns/src/hours.ts',
    before: /^1$/,
    text: /hours\[0\]/,
    reason: 'equivalent: any instant within the first hour',
  },
  {
    path: 'returns/src/metrics.ts',
    before: /^list\.length > RETURNS_MAX$/,
    after: />=/,
    reason: 'a list of exactly a million returns, which would make the tests slow',
  },
  {
    path: 'returns/src/metrics.ts',
    before: /^(?:high|low) < 0n$|^0n$/,
    text: /high < 0n/,
    reason: 'equivalent: zero has no sign, and units are whole',
  },
  {
    path: 'returns/src/portfolio.ts',
    before: /^from > at$/,
    reason: 'equivalent: shorter runs of the same hours',
  },
  {
    path: 'returns/src/portfolio.ts',
    before: /^at >= from && at <= to$/,
    reason: 'equivalent: what lies outside the run is known before or not reached',
  },
  {
    path: 'returns/src/metrics/benchmark.ts',
    before: /\* side/,
    after: /\/ side/,
    reason: 'equivalent: of a side that is 1 or -1 the quotient is the product',
  },
  {
    path: 'returns/src/metrics/benchmark.ts',
    before: /\* side > 0n$/,
    after: />=/,
    reason:
      'equivalent: a return of zero adds nothing to the base; what stands beside it is zero here',
  },
  {
    path: 'returns/src/metrics/extended.ts',
    before: /^(?:value|x) < 0n$|^0n$/,
    text: /(?:value|x) < 0n/,
    reason: 'equivalent: zero has no sign, and units are whole',
  },
  {
    path: 'returns/src/metrics/fixed-point.ts',
    before: /LN_LOW|LN_HIGH|ONE \* [23]n|^[234]n$/,
    text: /LN_/,
    reason: 'equivalent: another start of the same series, which ends below the scale',
  },
  {
    path: 'returns/src/metrics/fixed-point.ts',
    before: /^3141|^0n$|^step|^10n|^22n$/,
    text: /PI: Fixed|let (?:sum|value|doublings) = 0n|step < 10n/,
    reason: BELOW_DIGITS,
  },
  {
    path: 'returns/src/metrics/fixed-point.ts',
    before: /^right\.mantissa < 0n$|^0n$/,
    text: /right\.mantissa < 0n/,
    reason: 'equivalent: zero has no sign, and units are whole',
  },
  {
    path: 'returns/src/metrics/fixed-point.ts',
    before: /^surplus <= 0$|^0$/,
    after: /^surplus < 0/,
    text: /surplus <= 0/,
    reason: SAME_SCALE,
  },
  {
    path: 'returns/src/metrics/fixed-point.ts',
    before: /^1n$|^2$/,
    text: /let root = /,
    reason: 'equivalent: another start above the root, from which it is found',
  },
  {
    path: 'returns/src/metrics/fixed-point.ts',
    before: /^0n$/,
    text: /signed < 0n/,
    reason: 'equivalent: a root is zero only where its sign says nothing',
  },
  {
    path: 'returns/src/metrics/series.ts',
    before: /> most$|> threshold\.unit$/,
    after: />=/,
    reason: SAME_SCALE,
  },
  {
    path: 'returns/src/metrics/significance.ts',
    before: /^5772/,
    reason: BELOW_DIGITS,
  },
  {
    path: 'returns/src/metrics/significance.ts',
    before: /^variance <= 0n$|^0n$/,
    text: /variance <= 0n/,
    reason: 'no list of returns is known whose variance is so small',
  },
  {
    path: 'returns/src/metrics/wealth.ts',
    before: /^logarithm \+=|^0n$/,
    text: /logarithm/,
    reason: 'equivalent: the share of variance explained is the same upside down, and moved',
  },
  {
    path: 'returns/src/metrics/wealth.ts',
    before: /^(?:wealth > peak|depth < worst)$/,
    after: /=/,
    reason: 'equivalent: the same again',
  },
  {
    path: 'returns/src/metrics/wealth.ts',
    before: /^0n$/,
    text: /open \?\?=/,
    reason: BEFORE_READ,
  },
  {
    path: 'returns/src/metrics/wealth.ts',
    before: /^0n$/,
    text: /factor <= 0n/,
    reason: BELOW_DIGITS,
  },
  {
    path: 'returns/src/metrics/wealth.ts',
    before: /^power > ln/,
    after: />=/,
    reason: 'a power that is the logarithm of the limit to the fiftieth digit',
  },
  {
    path: 'returns/src/restatement.ts',
    before: /^key\(left\) < key\(right\)$/,
    reason: 'equivalent: one order or the other, as long as it is one',
  },
  {
    path: 'returns/src/restatement.ts',
    before: /^role \?\? ''$/,
    reason: 'equivalent: one word for no role or another',
  },
  {
    path: 'returns/src/metrics/significance.ts',
    before: /^1_000_000_000_000n$/,
    reason: 'a bound far beyond use; a test of it would only repeat the number',
  },
  {
    path: 'returns/src/report.ts',
    before: /^left < right$/,
    after: /<=/,
    reason: SAME_ORDER,
  },
];
