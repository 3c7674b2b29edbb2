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
  { path: 'ledger/src/book.ts', before: /^amount\.scale < /, after: /<=/, reason: SAME_SCALE },
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
