// The proof of a first fetch where no ledger has running balances: an account that is told from its
// beginning must hold what all that was told has left it. Later fetches are proven by what was held
// between them.

import { RecordError } from '@track-record/errors';
import { absolute, compare, subtract, ZERO, type Decimal } from '@track-record/ledger';
import type { Job } from './feed.ts';
import { sumBalances } from './holdings.ts';
import { isEntry } from './readings.ts';

/** VENUE_INCOMPLETE where what is held differs by more than what the venue's rounding explains. */
export async function checkWhole(job: Job, rounding: Decimal): Promise<void> {
  if (!job.isFirst) return;
  const told = new Map(job.readings.filter(isEntry).map((entry) => [entry.id, entry]));
  const postings = [...told.values()].flatMap((entry) => entry.postings);
  const moved = sumBalances(postings.map(({ asset, amount }) => [asset, amount] as const));
  const { balances } = await job.holdings();
  for (const asset of new Set([...moved.keys(), ...balances.keys()])) {
    const rest = subtract(balances.get(asset) ?? ZERO, moved.get(asset) ?? ZERO);
    if (compare(absolute(rest), rounding) <= 0) continue;
    throw new RecordError('VENUE_INCOMPLETE', { place: 'balance' });
  }
}
