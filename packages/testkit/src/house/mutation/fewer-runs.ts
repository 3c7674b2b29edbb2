// What the tests import from `fast-check` when the mutation check runs them: a mutant is tried on a
// fifth of the examples, because one that only the rarest example shows wants a test of its own.

import fc from 'fast-check';

const SHARE = 5;
const RUNS_MIN = 10;

/** fast-check's own when none is asked for. */
const RUNS = 100;

function assertFewer<Values>(
  property: fc.IRawProperty<Values>,
  parameters: fc.Parameters<Values> = {},
): Promise<void> | void {
  // The oracle's test has a seed of its own, and is told how often to run.
  if (parameters.seed !== undefined) return fc.assert(property, parameters);
  const runs = Math.max(RUNS_MIN, Math.floor((parameters.numRuns ?? RUNS) / SHARE));
  return fc.assert(property, { ...parameters, numRuns: runs, seed: 1, endOnFailure: true });
}

export const fewer = { ...fc, assert: assertFewer };
