// The proof that a venue's own ledger has no gap: each row says by how much a balance moved and
// what it was afterwards, so every row must begin where the one before it ended. A row that is
// missing, told late or changed breaks the chain. Rows are untrusted.

import { RecordError } from '@track-record/errors';
import { formatDecimal, normalise, subtract, type Decimal } from '@track-record/ledger';
import type { Row } from './rows.ts';

/** What one row says of one balance. */
export interface Running {
  readonly id: string;
  readonly at: number;
  readonly asset: string;
  readonly change: Decimal;
  readonly after: Decimal;
}

/** Each row once, by the venue's id: pages overlap, and a repeated leg would count twice. */
export function distinctRows(
  rows: readonly Row[],
  runningOf: (row: Row) => Running,
): readonly Row[] {
  return [...new Map(rows.map((row) => [runningOf(row).id, row])).values()];
}

/** VENUE_INCOMPLETE where a balance does not begin at what it was before. */
export function checkRunning(rows: readonly Running[]): void {
  for (const ofAsset of Map.groupBy(rows, ({ asset }) => asset).values()) {
    const instants = Map.groupBy(ofAsset, ({ at }) => at);
    let balance: string | null = null;
    for (const at of [...instants.keys()].toSorted((left, right) => left - right)) {
      balance = balanceAfter(instants.get(at) ?? [], balance);
    }
  }
}

/**
 * Where the rows of one instant lead, in whatever order they are told: each balance between them is
 * left as often as it is reached, but for the first and the last. null: not known yet.
 */
function balanceAfter(rows: readonly Running[], known: string | null): string | null {
  const textOf = (balance: Decimal): string => formatDecimal(normalise(balance));
  const left = rows.map(({ after, change }) => textOf(subtract(after, change)));
  const starts = [...left];
  const ends = rows
    .map(({ after }) => textOf(after))
    .filter((balance) => {
      const index = starts.indexOf(balance);
      if (index >= 0) starts.splice(index, 1);
      return index < 0;
    });
  const [end = known] = ends;
  const isLinked = known === null || (starts.length === 0 ? left : starts).includes(known);
  if (isLinked && ends.length <= 1) return end;
  throw new RecordError('VENUE_INCOMPLETE', { place: 'balance' });
}
