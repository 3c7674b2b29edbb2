// The proof of a first fetch where no ledger has running balances: an account that is told from its
// beginning must hold what all that was told has left it. Later fetches are proven by what was held
// between them.

import { RecordError } from '@track-record/errors';
import { absolute, compare, subtract, ZERO, type Decimal } from '@track-record/ledger';
import type { Job } from './feed.ts';
import { sumBalances } from './holdings.ts';
import { isEntry } from './readings.ts';

/** VENUE_INCOMPLETE where what is held differs by more than what rounding explains of an asset. */
export async function checkWhole(
  job: Job,
  roundingOf: (asset: string) => Decimal = () => ZERO,
): Promise<void> {
  if (!job.isFirst) return;
  const told = new Map(job.readings.filter(isEntry).map((entry) => [entry.id, entry]));
  const postings = [...told.values()].flatMap((entry) => entry.postings);
  const turned = [...told.values()].flatMap(({ position }) => position ?? []);
  const { balances, positions } = await job.holdings();
  checkSums(
    postings.map(({ asset, amount }) => [asset, amount] as const),
    balances,
    roundingOf,
  );
  checkSums(
    turned.map(({ instrument, contracts }) => [instrument, contracts] as const),
    new Map(positions.map(({ instrument, contracts }) => [instrument, contracts])),
    () => ZERO,
  );
}

function checkSums(
  told: readonly (readonly [string, Decimal])[],
  held: ReadonlyMap<string, Decimal>,
  roundingOf: (name: string) => Decimal,
): void {
  const moved = sumBalances(told);
  for (const name of new Set([...moved.keys(), ...held.keys()])) {
    const rest = subtract(held.get(name) ?? ZERO, moved.get(name) ?? ZERO);
    if (compare(absolute(rest), roundingOf(name)) <= 0) continue;
    throw new RecordError('VENUE_INCOMPLETE', { place: 'holdings' });
  }
}
