// One ledger told in other ways: entries in two parts, items repeated and moved about, and the part
// of a ledger between two instants.

import {
  divide,
  parseDecimal,
  type Decimal,
  type Entry,
  type LedgerDocument,
} from '@track-record/ledger';

const TWO = parseDecimal('2');

export function inTwo(entry: Entry): Entry[] {
  const half = (value: Decimal): Decimal => divide(value, TWO, 9);
  const part = (id: string): Entry => ({
    ...entry,
    id,
    postings: entry.postings.map((posting) => ({ ...posting, amount: half(posting.amount) })),
    ...(entry.position === undefined
      ? {}
      : { position: { ...entry.position, contracts: half(entry.position.contracts) } }),
  });
  return [part(`${entry.id}-1`), part(`${entry.id}-2`)];
}

/** Repeats some items and moves them about, as told by the picks. */
export function disturb<T>(items: readonly T[], picks: readonly number[]): T[] {
  const disturbed = [...items];
  for (const pick of picks) {
    const item = items[pick % items.length];
    if (item !== undefined) disturbed.splice(pick % (disturbed.length + 1), 0, item);
  }
  return disturbed.reverse();
}

export function partOf(ledger: LedgerDocument, from: number, to: number): LedgerDocument {
  const within = ({ at }: { readonly at: number }): boolean => at >= from && at <= to;
  return {
    ...ledger,
    window: { from, to },
    anchors: ledger.anchors.filter(({ asOf }) => asOf >= from),
    entries: ledger.entries.filter(({ at }) => at >= from && at < to),
    prices: ledger.prices.filter(within),
    marks: ledger.marks.filter(within),
  };
}
