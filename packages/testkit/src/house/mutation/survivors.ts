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

const EXCUSES: readonly Excuse[] = [
  {
    path: '',
    before: /^sign\(.*\) \* sign\(/s,
    after: /^sign\(.*\) \/ sign\(/s,
    reason: 'equivalent: of two signs that are not zero the quotient is the product',
  },
  {
    path: 'ledger/src/position.ts',
    before: /scale > \w+_SCALE/,
    after: />=/,
    reason: 'equivalent: rounding to the scale a value has changes nothing',
  },
  {
    path: 'ledger/src/position.ts',
    before: /^36$/,
    reason: 'finer than every value that leaves, which has 24 digits',
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
