// Puts fills that are held in columns into the ledger's order beside the other entries, and adds up
// those between which nothing else happens: one entry whose postings are their sums. Sums of exact
// integers do not depend on how they are grouped, so a replay of the sums gives the same bytes as
// one of the fills. What the columns cannot answer is left to `orderEntries`, row by row.

import type { Checkpoint } from '../checkpoint.ts';
import { checkDocument, HOUR_MS } from '../document.ts';
import type { Entry, LedgerDocument } from '../entry.ts';
import { compareEntries, orderEntries } from '../order.ts';
import { type OpenTransfer, TRANSIT_MS } from '../transfers.ts';
import { type FillColumns, real } from './fill-columns.ts';
import { hasRepeats } from './repeated-ids.ts';
import { RunSums } from './run-sums.ts';

export class FillRuns {
  readonly #columns: FillColumns;
  /** How many fills stand in the document before each of the other entries. */
  readonly #before: readonly number[];

  constructor(columns: FillColumns, before: readonly number[]) {
    this.#columns = columns;
    this.#before = before;
  }

  /** Refusals: as `checkDocument`, with places that count the fills. */
  check(document: LedgerDocument): void {
    const { count, at } = this.#columns;
    let row = 0;
    while (row < count && real(at, row) >= document.window.from) row += 1;
    try {
      checkDocument(row < count ? this.#withAll(document) : document);
    } catch (cause) {
      checkDocument(this.#withAll(document));
      throw cause;
    }
  }

  /** The document's entries and the fills one by one, as the text had them. */
  all(entries: readonly Entry[]): readonly Entry[] {
    const all: Entry[] = [];
    let row = 0;
    const takeTo = (end: number): void => {
      for (; row < end; row += 1) all.push(this.#columns.entry(row));
    };
    for (const [index, entry] of entries.entries()) {
      takeTo(this.#before[index] ?? row);
      all.push(entry);
    }
    takeTo(this.#columns.count);
    return all;
  }

  /**
   * All entries once, in the total order, with runs of fills as one entry each. Refusals: as
   * `checkDocument` and `orderEntries`.
   */
  order(document: LedgerDocument, opening: Checkpoint | null): readonly Entry[] {
    const { entries, window } = document;
    const { count, at } = this.#columns;
    if (count === 0) return orderEntries(entries);
    const ids = entries.map(({ id }) => id);
    if (real(at, 0) < window.from || !this.#isOrdered() || hasRepeats(this.#columns, ids)) {
      const all = this.#withAll(document);
      checkDocument(all);
      return orderEntries(all.entries);
    }
    const others = orderEntries(entries);
    const cuts = cutsOf(document, opening?.transit ?? []);
    const runs = this.#runs(cuts, new Set(others.map((other) => other.at)));
    return others.length === 0 ? runs : [...runs, ...others].sort(compareEntries);
  }

  #withAll(document: LedgerDocument): LedgerDocument {
    return { ...document, entries: this.all(document.entries) };
  }

  #isOrdered(): boolean {
    const { count, at } = this.#columns;
    for (let row = 1; row < count; row += 1) {
      if (real(at, row - 1) < real(at, row)) continue;
      if (real(at, row - 1) > real(at, row)) return false;
      if (this.#columns.id(row - 1) >= this.#columns.id(row)) return false;
    }
    return true;
  }

  /** The fills between each two cuts. Those at the instant of another entry stay alone. */
  #runs(cuts: Float64Array, alone: ReadonlySet<number>): Entry[] {
    const { count, at } = this.#columns;
    const sums = new RunSums(this.#columns);
    const runs: Entry[] = [];
    let cut = 0;
    for (let from = 0; from < count;) {
      const start = real(at, from);
      while (cut < cuts.length && real(cuts, cut) <= start) cut += 1;
      const until = cuts[cut] ?? Number.POSITIVE_INFINITY;
      let to = from + 1;
      while (to < count && real(at, to) < until) to += 1;
      const run = alone.has(start) ? null : sums.run(from, to);
      if (run !== null) runs.push(run);
      else for (let row = from; row < to; row += 1) runs.push(this.#columns.entry(row));
      from = to;
    }
    return runs;
  }
}

/** Where prices, hours or other entries come between two fills, or may come. */
function cutsOf(document: LedgerDocument, transit: readonly OpenTransfer[]): Float64Array {
  const { window, prices, marks, anchors, entries } = document;
  const cuts = new Set<number>();
  for (let hour = window.from; hour <= window.to; hour += HOUR_MS) cuts.add(hour);
  for (const { asOf } of anchors) cuts.add(asOf);
  for (const quotes of [prices, marks]) {
    quotes.forEach(({ at }, index) => {
      if (at !== quotes[index - 1]?.at) cuts.add(at);
    });
  }
  // What left and never arrived becomes an entry when its time is over.
  const left = [...entries.filter(({ kind }) => kind === 'transfer'), ...transit];
  const others = [...entries.map(({ at }) => at), ...left.map(({ at }) => at + TRANSIT_MS)];
  for (const at of others) cuts.add(at).add(at + 1);
  return Float64Array.from(cuts).sort();
}
