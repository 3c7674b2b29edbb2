// Jobs as `queue list` and `accounts show` print them.

import type { JobRow } from '@track-record/store/operator';
import { ageOf, tableOf, type Column } from './table.ts';

export function jobsTable(jobs: readonly JobRow[], now: number): string {
  const columns: readonly Column<JobRow>[] = [
    { title: 'job', of: ({ id }) => id },
    { title: 'queue', of: ({ queue, sourceQueue }) => sourceQueue ?? queue },
    { title: 'state', of: stateOf },
    { title: 'tries', of: ({ attempts, attemptsMax }) => `${attempts}/${attemptsMax}` },
    { title: 'age', of: ({ createdAt }) => ageOf(createdAt, now), right: true },
    { title: 'code', of: ({ code, sourceCode }) => code ?? sourceCode ?? '' },
  ];
  return tableOf(columns, jobs, 'No such job.');
}

/** A copy that waits for an operator in the dead letters is `dead`. */
export function stateOf({ state, sourceQueue }: JobRow): string {
  return state === 'created' && sourceQueue !== null ? 'dead' : state;
}
