// Why a mutant may live: most of them change nothing that can be seen. A mutant that is not listed
// here and lives is a missing test.

import type { Mutant } from './mutants.ts';

interface Excuse {
  /** The end of the path. */
  readonly path: string;
  readonly before: RegExp;
  readonly after?: RegExp;
  readonly reason: string;
}

const SAME_ORDER = 'equivalent: no two have one name, or their order makes no difference';
const SAME_POWER = 'equivalent: ten to the power of zero is one';
const SAME_SCALE = 'equivalent: at the scale it has a value stays as it is';

const EXCUSES: readonly Excuse[] = [
  {
    path: '',
    before: /^sign\(.*\) \* sign\(/s,
    after: /^sign\(.*\) \/ sign\(/s,
    reason: 'equivalent: of two signs that are not zero the quotient is the product',
  },
  {
    path: '',
    before: /^(?:left|one)[\w.[\]]* < (?:right|other)[\w.[\]]*$/,
    after: /<=/,
    reason: SAME_ORDER,
  },
  { path: 'ledger/src/opening.ts', before: /texts\.get/, reason: SAME_ORDER },
  { path: 'ledger/src/price-table.ts', before: /^compareLegs/, after: /<=/, reason: SAME_ORDER },
  { path: 'ledger/src/order.ts', before: /^-1$/, reason: SAME_ORDER },
  { path: 'ledger/src/price-table.ts', before: /^-1$/, reason: SAME_ORDER },
  { path: 'ledger/src/codec.ts', before: /^-1$/, reason: SAME_ORDER },
  { path: 'ledger/src/decimal.ts', before: /^shift [<>] 0$/, reason: SAME_POWER },
  { path: 'ledger/src/decimal.ts', before: /^numerator < 0n/, reason: 'equivalent: not zero here' },
  { path: 'ledger/src/position.ts', before: /scale > \w+_SCALE/, after: />=/, reason: SAME_SCALE },
  {
    path: 'ledger/src/position.ts',
    before: /^36$/,
    reason: 'finer than every value that leaves, which has 24 digits',
  },
  {
    path: 'ledger/src/order.ts',
    before: /^left === undefined \|\| right/,
    reason: 'equivalent: where one is missing the instruments have differed before',
  },
  {
    path: 'ledger/src/reconcile.ts',
    before: /^sign\(amount\) > 0$/,
    after: />=/,
    reason: 'equivalent: nothing is lent by an amount of zero',
  },
  { path: 'ledger/src/price-table.ts', before: /^left < right$/, after: /<=/, reason: SAME_ORDER },
  { path: 'ledger/src/order.ts', before: /^left\.role === 'fee'$/, reason: SAME_ORDER },
  { path: 'metrics/significance.ts', before: /^left > right$/, after: />=/, reason: SAME_ORDER },
  {
    path: 'ledger/src/decimal.ts',
    before: /^0$/,
    reason: 'equivalent: a point is never the first character',
  },
  {
    path: 'ledger/src/decimal.ts',
    before: /^0n$/,
    reason: 'equivalent: an operand of this size gives the same neighbour',
  },
  {
    path: 'ledger/src/document.ts',
    before: /^at >= window\.from$/,
    after: />/,
    reason: 'equivalent: a shortcut, and the full check behind it allows the same instants',
  },
  {
    path: 'ledger/src/order.ts',
    before: /^0$/,
    reason: 'equivalent: a shortcut, a hash or a whole number of the smallest unit',
  },
  {
    path: 'ledger/src/price-table.ts',
    before: /^sign\(amount\) > 0$/,
    after: />=/,
    reason: 'equivalent: a flow of zero brings nothing',
  },
  {
    path: 'ledger/src/position.ts',
    before: /^0$/,
    reason: 'equivalent: a fill has contracts, and a flat position takes either way',
  },
  {
    path: 'ledger/src/reconcile.ts',
    before: /^0$/,
    reason: 'equivalent: a sign below 1 and not above 0 lends nothing more',
  },
  {
    path: 'ledger/src/transfers.ts',
    before: /^sign\(leg\.amount\) < 0$/,
    after: /<=/,
    reason: 'equivalent: a leg is never zero',
  },
  {
    path: 'ledger/src/transfers.ts',
    before: /^at \+ TRANSIT_MS$/,
    reason: 'what is flagged or flows behind the window is never looked at',
  },
  {
    path: 'returns/src/hour-replay.ts',
    before: /^-1$/,
    reason: 'equivalent: the beginning of an instant sets it again before it is read',
  },
  {
    path: 'returns/src/metrics.ts',
    before: /^(?:high|low) < 0n$/,
    after: /<=/,
    reason: 'equivalent: zero has no sign',
  },
  {
    path: 'returns/src/portfolio.ts',
    before: /^from > at$/,
    reason: 'equivalent: shorter runs of the same hours',
  },
  {
    path: 'returns/src/portfolio.ts',
    before: /^at >= from && at <= to$/,
    reason: 'equivalent: prices from outside the run are known before or not reached',
  },
  {
    path: 'metrics/fixed-point.ts',
    before: /LN_LOW|ONE \* 2n|^2n$|^10n$/,
    reason: 'equivalent: another start of the same series, which ends below the scale',
  },
  {
    path: 'metrics/benchmark.ts',
    before: /\* side$/,
    reason: 'equivalent: of a side that is 1 or -1 the quotient is the product',
  },
  {
    path: 'metrics/significance.ts',
    before: /^5772/,
    reason: 'one unit of the fiftieth digit, 32 digits below what is printed',
  },
  {
    path: 'metrics/significance.ts',
    before: /^0$/,
    reason: 'equivalent: at least one sample is asked for',
  },
  {
    path: 'metrics/wealth.ts',
    before: /^logarithm \+=/,
    reason: 'equivalent: the share of variance explained is the same upside down',
  },
  {
    path: 'metrics/wealth.ts',
    before: /^wealth > peak$/,
    after: />=/,
    reason: 'equivalent: the peak is the same',
  },
];

export function reasonFor(mutant: Mutant): string | null {
  const excuse = EXCUSES.find(
    ({ path, before, after }) =>
      mutant.path.endsWith(path) &&
      before.test(mutant.before) &&
      (after === undefined || after.test(mutant.after)),
  );
  return excuse?.reason ?? null;
}
