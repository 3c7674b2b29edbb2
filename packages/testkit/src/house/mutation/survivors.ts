// Why a mutant may live: most of them change nothing that can be seen. A mutant that is not listed
// here and lives is a missing test.

import { LEDGER_EXCUSES } from './ledger-survivors.ts';
import type { Mutant } from './mutants.ts';
import { RETURNS_EXCUSES } from './returns-survivors.ts';

export function reasonFor(mutant: Mutant): string | null {
  const excuse = [...LEDGER_EXCUSES, ...RETURNS_EXCUSES].find(
    ({ path, before, after, text }) =>
      mutant.path.endsWith(path) &&
      before.test(mutant.before) &&
      (after === undefined || after.test(mutant.after)) &&
      (text === undefined || text.test(mutant.text)),
  );
  return excuse?.reason ?? null;
}
